"""A time limit that holds even when the other side is stopped: when it is over, the line is cut, and whoever waits on it wakes up."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Timer
from types import TracebackType
from typing import Self


class Deadline:
    """So many seconds for what is done inside `with`. `passed` says whether they were over before it was done."""

    def __init__(self, seconds: float, cut: Callable[[], None]) -> None:
        self._seconds, self._cut = seconds, cut
        self.passed = False
        self._timer: Timer | None = None

    def __enter__(self) -> Self:
        self.go_on()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.pause()

    def go_on(self) -> None:
        """The seconds begin anew."""
        self._timer = Timer(self._seconds, self._over)
        self._timer.daemon = True
        self._timer.start()

    def pause(self) -> None:
        """No time passes: the limit is for the other side, not for whoever reads what it said."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self) -> None:
        self.passed = True
        self._cut()


def shut(descriptor: int) -> None:
    """Shut a socket that another thread waits on, without closing what is not ours to close."""
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)
