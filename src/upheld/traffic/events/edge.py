"""The process that takes events in, as granian calls it (RSGI): a bare loop, no framework, no cookies, no log of who came.

Events that arrive while a group is written down wait together and are the next group: the more there are, the less each costs. Each is
answered only once its group is on the disk.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlsplit

from upheld.errors import Conflict, Invalid, No, Refused
from upheld.traffic.events import told
from upheld.traffic.events.taking import WAIT, Taker
from upheld.traffic.panel.tags import is_below
from upheld.traffic.parsing.split import Row

MOST_WAITING: Final = 50_000
"""Events that may wait for the disk; those beyond are told to come later."""
MOST_AT_ONCE: Final = 5_000
PIXEL: Final = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
_NO_STORE: Final = ("cache-control", "no-store")
_STATUS: Final[dict[type[No], int]] = {Invalid: 400, Refused: 403, Conflict: 503}

_log = logging.getLogger("upheld.events")


class Http(Protocol):
    """What granian hands over to answer with."""

    async def __call__(self) -> bytes:
        """The whole body."""

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Answer with nothing."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer."""


class Edge:
    """Takes in the events of one home."""

    def __init__(self, open_: Callable[[], Taker], clock: Callable[[], datetime], *, behind_proxy: bool, hosts: tuple[str, ...]) -> None:
        self._open, self._clock, self._behind_proxy, self._hosts = open_, clock, behind_proxy, hosts
        self._script = (Path(__file__).parent / "page.js").read_bytes()
        self._packed = gzip.compress(self._script, 9, mtime=0)
        self._rows: list[tuple[Row | None, asyncio.Future[None]]] = []
        self._writer, self._recorder = ThreadPoolExecutor(1, "journal"), ThreadPoolExecutor(1, "record")
        self._taker: Taker | None = None
        self._busy = False
        self._turning: asyncio.Task[None] | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open the journal; what an earlier process left is counted first."""
        self._taker = self._open()
        self._turning = loop.create_task(self._turn_now_and_then())

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Put what waits into the record."""
        if self._turning:
            self._turning.cancel()
        self._writer.shutdown(wait=True)
        self._recorder.shutdown(wait=True)
        if self._taker:
            self._taker.close()

    async def __rsgi__(self, scope: Any, protocol: Http) -> None:  # noqa: ANN401 - granian's scope
        """One request."""
        if scope.proto != "http":
            return
        try:
            await self._answer(scope, protocol)
        except No as no:
            body = f"{no.message}\n".encode()
            headers = [("content-type", "text/plain; charset=utf-8"), _NO_STORE]
            protocol.response_bytes(_STATUS.get(type(no), 400), headers, body)
        except Exception as error:  # noqa: BLE001 - whatever it was, the page gets an answer, and nothing of it is written down
            _log.error("a fault: %s", type(error).__name__)
            protocol.response_empty(500, [_NO_STORE])

    async def _answer(self, scope: Any, protocol: Http) -> None:  # noqa: ANN401
        match scope.method, scope.path:
            case "POST", "/e":
                await self._event(scope, protocol)
            case "GET", "/e.gif":
                await self._image(scope, protocol)
            case (("GET" | "HEAD"), "/e.js"):
                self._give_script(scope, protocol)
            case "GET", "/alive":
                protocol.response_empty(204, [_NO_STORE])
            case _:
                protocol.response_empty(404, [_NO_STORE])

    async def _event(self, scope: Any, protocol: Http) -> None:  # noqa: ANN401
        length = scope.headers.get("content-length") or ""
        if not length.isdigit() or int(length) > told.LARGEST:
            raise Invalid(f"an event has at most {told.LARGEST} bytes, and says how many")
        body = bytes(await protocol())
        self._demand_own(scope.headers.get("origin"))
        row = None
        if not says_no(scope.headers):
            row = told.event(body, address=self._address(scope), agent=scope.headers.get("user-agent") or "", hour=self._hour())
        await self._kept(row)
        protocol.response_empty(204, [_NO_STORE])

    async def _image(self, scope: Any, protocol: Http) -> None:  # noqa: ANN401
        self._demand_own(scope.headers.get("referer"))
        row = None
        if not says_no(scope.headers):
            given = dict(parse_qsl(scope.query_string, max_num_fields=20))
            said = told.of_image(given, scope.headers.get("referer") or "")
            row = told.row(said, address=self._address(scope), agent=scope.headers.get("user-agent") or "", hour=self._hour())
        await self._kept(row)
        protocol.response_bytes(200, [("content-type", "image/gif"), _NO_STORE], PIXEL)

    def _give_script(self, scope: Any, protocol: Http) -> None:  # noqa: ANN401
        headers = [
            ("content-type", "text/javascript; charset=utf-8"),
            ("cache-control", "public, max-age=3600"),
            ("vary", "accept-encoding"),
        ]
        headers.append(("cross-origin-resource-policy", "cross-origin"))
        body = self._script
        if "gzip" in (scope.headers.get("accept-encoding") or ""):
            headers.append(("content-encoding", "gzip"))
            body = self._packed
        protocol.response_bytes(200, headers, b"" if scope.method == "HEAD" else body)

    async def _kept(self, row: Row | None) -> None:
        """Wait until the event, or only that one came with a no, is on the disk."""
        if len(self._rows) >= MOST_WAITING:
            raise Conflict("too many events wait for the disk: this one was not counted")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._rows.append((row, future))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._write, loop)
        await future

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to write down everything that waits; what comes meanwhile is the next group."""
        group, self._rows = self._rows[:MOST_AT_ONCE], self._rows[MOST_AT_ONCE:]
        rows = [row for row, _ in group if row is not None]
        assert self._taker is not None
        writing = loop.run_in_executor(self._writer, self._taker.take, rows, len(group) - len(rows))

        def written(done: asyncio.Future[None]) -> None:
            fault = done.exception()
            for _, future in group:
                if future.done():
                    continue  # its browser went away
                if fault is None:
                    future.set_result(None)
                else:
                    future.set_exception(fault)
            self._busy = bool(self._rows)
            if self._busy:
                self._write(loop)

        writing.add_done_callback(written)

    async def _turn_now_and_then(self) -> None:
        """Totals go to the record; events go on being taken in meanwhile. What the record does not take now, it is given again."""
        loop, taker = asyncio.get_running_loop(), self._taker
        assert taker is not None
        while True:
            await asyncio.sleep(WAIT.total_seconds())
            await loop.run_in_executor(self._writer, taker.look_again)
            waiting = await loop.run_in_executor(self._writer, taker.turn)
            while waiting is not None:
                try:
                    await loop.run_in_executor(self._recorder, taker.put, waiting)
                    waiting = None
                except Conflict as no:
                    _log.warning("totals wait for the record: %s", no.message)
                    await asyncio.sleep(1)

    def _demand_own(self, origin: str | None) -> None:
        """`Refused` for a page of somebody else's, as far as the browser says whose it is and the settings say which are ours."""
        if self._hosts and origin and not any(is_below(urlsplit(origin).hostname or "", host) for host in self._hosts):
            raise Refused("this page is none of the merchant's: add its host to `hosts` of `[traffic]`")

    def _address(self, scope: Any) -> str:  # noqa: ANN401
        if self._behind_proxy:
            return str(scope.headers.get("x-forwarded-for") or "").rpartition(",")[2].strip()
        return str(scope.client).rpartition(":")[0]

    def _hour(self) -> int:
        return int(self._clock().timestamp()) // 3600


def says_no(headers: Any) -> bool:  # noqa: ANN401 - granian's headers
    """Whether the browser, or the visitor in the choice panel, said no."""
    if any(headers.get(name) == "1" for name in ("sec-gpc", "dnt")):
        return True
    for each in (headers.get("cookie") or "").split(";"):
        name, _, value = each.strip().partition("=")
        if name == "upheld_choice" and value.count(".") == 2 and value.endswith("."):
            return True
    return False
