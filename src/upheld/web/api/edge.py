"""The process itself, as granian calls it (RSGI): reads a request, finds its route, answers. No framework, no cookies, no log of who asked.

Decisions that arrive while others are answered wait together, and are answered by one look at the record: the more there are, the less
each costs. Everything else runs beside, in a few threads.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

import msgspec

from upheld.access.actions import SECRET
from upheld.access.queries import Keyring, register
from upheld.errors import No, NotFound
from upheld.web.api.asking import NO_KEY, Call, Decider
from upheld.web.api.carrying_out import version_in_force
from upheld.web.api.description import description
from upheld.web.api.listing import Handout
from upheld.web.api.messages import Alive
from upheld.web.api.replies import Reply, Unknown, answer, misread, problem, refusal
from upheld.web.api.routes import ALIVE, BATCH, DECIDE, DESCRIPTION, MOST_BYTES, ROOT, Route, table
from upheld.web.surroundings import Surroundings

THREADS: Final = 4
MOST_AT_ONCE: Final = 500
"""Calls answered by one look at the record, so that nobody waits for too many others."""
MOST_SENT: Final = 16 << 20
"""Bytes of a body that is too long that are let come and thrown away: whoever is cut off while they send never reads why."""
LONGEST_SENDING: Final = 10.0
"""Seconds for that."""
HEADERS: Final = (("cache-control", "no-store"), ("x-content-type-options", "nosniff"))

_log = logging.getLogger("upheld.api")


class Http(Protocol):
    """What granian hands over to answer with."""

    async def __call__(self) -> bytes:
        """The whole body."""

    def __aiter__(self) -> Any:  # noqa: ANN401 - granian's own iterator
        """The body in pieces."""

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Any:  # noqa: ANN401 - granian's own
        """Answer, piece by piece."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer."""


class Edge:
    """The API of one home, in one process."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._decider = Decider(around)
        self._table = table()
        routes = [route for at in self._table.values() for route in at.values()]
        self._readers: dict[type | None, msgspec.json.Decoder[Any]] = {
            route.takes: msgspec.json.Decoder(route.takes) for route in routes if route.takes
        }
        self._description = msgspec.json.encode(description())
        self._waiting: list[tuple[Call, asyncio.Future[Reply]]] = []
        self._threads = ThreadPoolExecutor(THREADS, "api")

    async def __rsgi__(self, scope: Any, protocol: Http) -> None:  # noqa: ANN401 - granian's scope
        """One request."""
        if scope.proto != "http":
            return
        try:
            reply = await self._reply(scope, protocol)
        except Exception as error:  # noqa: BLE001 - whatever it was, the program gets an answer, and nobody's words are written down
            _log.error("a fault: %s", type(error).__name__)
            reply = problem(500, "a fault of ours", "the fault is ours: nothing that you sent is known to be wrong; try again")
        if isinstance(reply, Handout):
            await self._hand_out(reply, protocol)
            return
        headers = [("content-type", reply.kind), *HEADERS, *reply.headers]
        protocol.response_bytes(reply.status, headers, b"" if scope.method == "HEAD" else reply.body)

    async def _hand_out(self, handout: Handout, protocol: Http) -> None:
        """Send a file, piece by piece; whoever reads slowly keeps nobody waiting."""
        headers = [("content-type", handout.kind), ("content-disposition", f'attachment; filename="{handout.name}"'), *HEADERS]
        out, loop, pieces = protocol.response_stream(200, headers), asyncio.get_running_loop(), handout.pieces()
        try:
            while piece := await loop.run_in_executor(self._threads, next, pieces, b""):
                await out.send_bytes(piece)
        finally:
            await loop.run_in_executor(self._threads, pieces.close)

    async def _reply(self, scope: Any, protocol: Http) -> Reply | Handout:  # noqa: ANN401
        route, number = self._route(scope.path, scope.method)
        if isinstance(route, Reply):
            return route
        headers = scope.headers
        body = b""
        if route.takes is not None:
            sort = headers.get("content-type") or ""
            if sort.partition(";")[0].strip().lower() != "application/json":
                return problem(415, "no JSON", "send the body as JSON, with `Content-Type: application/json`")
            read = await _body(headers.get("content-length"), protocol)
            if read is None:
                return problem(413, "too long", f"send at most {MOST_BYTES:,} bytes: a batch can be cut in two")
            body = read
        shown = headers.get("authorization") or ""
        word, _, key = shown.partition(" ")
        key = key.strip() if word.lower() == "bearer" else ""
        if route is DECIDE or route is BATCH:
            return await self._decide(Call(key, body, route is BATCH))
        if route is DESCRIPTION:
            return Reply(200, "application/json", self._description)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._do, route, key, number if route.numbered else body)

    def _route(self, path: str, method: str) -> tuple[Route | Reply, int]:
        number = 0
        known = self._table.get(path)
        if known is None:
            above, _, last = path.rpartition("/")
            if last.isascii() and last.isdigit() and len(last) <= 16:
                known, number = self._table.get(above + "/"), int(last)
        if known is None:
            return problem(404, "no such address", f"nothing is at this address: `{ROOT}/openapi.json` says what there is"), 0
        route = known.get("GET" if method == "HEAD" else method)
        if route is None:
            methods = ", ".join([*known, *(["HEAD"] if "GET" in known else [])])
            return problem(405, "no such method", f"this address answers {methods}", ("allow", methods)), 0
        return route, number

    async def _decide(self, call: Call) -> Reply:
        """Wait with the others of this turn of the loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reply] = loop.create_future()
        self._waiting.append((call, future))
        if len(self._waiting) == 1:
            loop.call_soon(self._answer_all, loop)
        return await future

    def _answer_all(self, loop: asyncio.AbstractEventLoop) -> None:
        taken, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        if self._waiting:
            loop.call_soon(self._answer_all, loop)
        try:
            replies = self._decider.answer([call for call, _ in taken])
        except Exception as error:  # noqa: BLE001 - each of them is told
            for _, future in taken:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), reply in zip(taken, replies, strict=True):
            if not future.done():
                future.set_result(reply)

    def _do(self, route: Route, key: str, sent: bytes | int) -> Reply | Handout:
        """Everything but decisions: one call of an action or query."""
        try:
            if route is ALIVE:
                return self._alive()
            with self._around.record.reading() as conn:
                holder = Keyring(self._around.home.key(SECRET), register(conn)).whose(key)
            if holder is None or route.may is None or route.do is None:
                raise Unknown(NO_KEY)
            holder.demand(route.may)
            meant = self._readers[route.takes].decode(sent) if isinstance(sent, bytes) else sent
            done = route.do(self._around, holder, meant)
            return done if isinstance(done, Handout) else answer(done, route.status)
        except No as no:
            return refusal(no)
        except msgspec.DecodeError as error:
            return refusal(misread(error))

    def _alive(self) -> Reply:
        with self._around.record.reading() as conn:
            try:
                return answer(Alive(version_in_force(conn, self._around)))
            except NotFound:
                return answer(Alive(None))


async def _body(length: str | None, protocol: Http) -> bytes | None:
    """The whole body; None if it is too long."""
    if length is not None and length.isdigit() and int(length) <= MOST_BYTES:
        return await protocol()
    pieces, total = [], MOST_BYTES if length is not None else 0  # what is said to be too long is not kept at all
    try:
        async with asyncio.timeout(LONGEST_SENDING):
            async for piece in protocol:
                total += len(piece)
                if total > MOST_SENT:
                    break
                if total <= MOST_BYTES:
                    pieces.append(bytes(piece))
    except TimeoutError:
        return None
    return b"".join(pieces) if length is None and total <= MOST_BYTES else None
