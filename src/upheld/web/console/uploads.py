"""Lists that staff send: streamed to a private place of the home, bounded, from those who are signed in and for the page that takes them.

Django reads a form before any page runs (its token stands in it), so what is not wanted must be refused here, before a byte is kept.
What no page took up is deleted when the request ends.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from upheld.web.console import accounts
from upheld.web.surroundings import surroundings

FOLDER: Final = "uploads"
MOST: Final = 256 << 20  # bytes; what is larger is put into the home's inbox
WHERE: Final = ("/releases", "/policies")
"""The pages that take a file."""


class Uploaded(TemporaryUploadedFile):
    """A file in the private folder, 0600, until it is moved away or the request ends."""

    def __init__(self, name: str, content_type: str | None, charset: str | None, extra: Any) -> None:  # noqa: ANN401 - Django's own
        place = surroundings().home.path / FOLDER
        place.mkdir(mode=0o700, exist_ok=True)
        file = NamedTemporaryFile(suffix=".upload", dir=place)  # noqa: SIM115 - closed by Django at the end of the request
        UploadedFile.__init__(self, file, name, content_type, 0, charset, extra)

    @property
    def place(self) -> Path:
        """Where it lies, written out."""
        self.file.flush()
        return Path(self.temporary_file_path())


class Privately(FileUploadHandler):
    """Django's only upload handler, on both sites."""

    file: Uploaded
    received = 0
    announced = 0

    def handle_raw_input(self, _input: Any, _meta: Any, content_length: int, *_more: Any, **_named: Any) -> None:  # noqa: ANN401 - Django's own
        """How much is to come, as the browser says."""
        self.announced = content_length

    def new_file(self, *args: Any, **more: Any) -> None:  # noqa: ANN401 - Django's own
        """A file begins. Nothing of it is read from strangers, for other pages, or beyond the bound."""
        super().new_file(*args, **more)
        if self.request.path.rstrip("/") not in WHERE or accounts.signed_in(self.request) is None:
            raise StopUpload(connection_reset=True)
        if self.announced > MOST:
            self._too_large()
        self.file = Uploaded(self.file_name, self.content_type, self.charset, self.content_type_extra)

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> None:
        """Some of it: on to the disk."""
        self.received += len(raw_data)
        if self.received > MOST:
            self._too_large()
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> Uploaded:
        """All of it."""
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        """What came so far goes."""
        if hasattr(self, "file"):
            self.file.close()

    def _too_large(self) -> None:
        self.request.too_large = True
        self.upload_interrupted()
        raise StopUpload(connection_reset=True)
