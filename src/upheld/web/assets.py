"""The few files that pages link to: one stylesheet, small scripts. Read and packed once; a browser keeps them for a year."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse

FOLDER: Final = Path(__file__).parent / "static"
KINDS: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
PACKED_FROM: Final = 512  # bytes: smaller ones do not gain


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, plain and packed. `mark` is the beginning of its hash: a changed file has another address."""

    kind: str
    plain: bytes
    packed: bytes
    mark: str


@cache
def assets() -> dict[str, Asset]:
    """All files, by name."""
    found = {}
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in KINDS:
            plain = path.read_bytes()
            found[path.name] = Asset(KINDS[path.suffix], plain, gzip.compress(plain, 9, mtime=0), sha256(plain).hexdigest()[:12])
    return found


def address(name: str) -> str:
    """Where a page finds a file. KeyError for a file that is not there: a fault of the page."""
    return f"/assets/{assets()[name].mark}/{name}"


def serve(request: HttpRequest, mark: str, name: str) -> HttpResponse:
    """One file. An old mark is served the file of today, but not kept."""
    asset = assets().get(name)
    if asset is None:
        raise Http404
    packs = "gzip" in request.headers.get("Accept-Encoding", "") and len(asset.plain) > PACKED_FROM
    answer = HttpResponse(asset.packed if packs else asset.plain, content_type=asset.kind)
    if packs:
        answer["Content-Encoding"] = "gzip"
    answer["Vary"] = "Accept-Encoding"
    answer["Cache-Control"] = "public, max-age=31536000, immutable" if mark == asset.mark else "no-cache"
    return answer
