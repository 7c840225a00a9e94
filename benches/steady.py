"""Requests at a steady rate, whatever the server does: a latency is counted from when the request was due, not from when it could be sent.

A driver that waits for an answer before it asks again (wrk) asks less while the server pauses, and so hardly sees the pause. Here a request
that finds every connection busy waits its turn, and its waiting counts.
"""

from __future__ import annotations

import resource
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

CONNECTIONS = 64
TICK = 0.001  # s: what epoll can wait for at least, so requests go out in small groups


@dataclass(frozen=True, slots=True)
class Steady:
    """Answers a second, latencies in ms, how many answers were none of 200, and the driver's own processor time per request in µs."""

    rate: float
    p50: float
    p99: float
    p999: float
    worst: float
    wrong: int
    own: float


def drive(port: int, requests: Sequence[bytes], rate: int, seconds: float, connections: int = CONNECTIONS) -> Steady:
    """Send so many requests a second for so long; what became of them."""
    poll, sockets = select.epoll(), {}
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(one, select.EPOLLIN)
        sockets[one.fileno()] = one
    idle, due_of, parts = deque(sockets), dict.fromkeys(sockets, 0.0), dict.fromkeys(sockets, b"")
    total, sent, wrong, taken = int(rate * seconds), 0, 0, list[float]()
    used, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    while len(taken) < total:
        now = time.perf_counter() - began
        due = min(total, int(now * rate) + 1)
        while sent < due and idle:
            number = idle.popleft()
            due_of[number] = sent / rate
            sockets[number].sendall(requests[sent % len(requests)])
            sent += 1
        for number, _ in poll.poll(TICK):
            got = parts[number] + sockets[number].recv(65536)
            if not _whole(got):
                parts[number] = got
                continue
            taken.append(time.perf_counter() - began - due_of[number])
            wrong += not got.startswith(b"HTTP/1.1 200 ")
            parts[number] = b""
            idle.append(number)
    lasted, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    for one in sockets.values():
        one.close()
    taken.sort()
    spent = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    at = [taken[min(total - 1, int(total * part))] * 1000 for part in (0.5, 0.99, 0.999, 1)]
    return Steady(total / lasted, *at, wrong, spent / total * 1e6)


def _whole(got: bytes) -> bool:
    """Whether an answer has come to its end. Nothing at all means that the server hung up."""
    if not got:
        raise ConnectionError("the server hung up")
    head, there, body = got.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return bool(there) and len(body) >= int(length or 0)


def written(path: str, headers: dict[str, str], bodies: Sequence[str]) -> list[bytes]:
    """The requests as they go over the wire."""
    head = "".join(f"{name}: {value}\r\n" for name, value in {"host": "127.0.0.1", **headers}.items())
    sent = [body.encode() for body in bodies]
    return [f"POST {path} HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body for body in sent]
