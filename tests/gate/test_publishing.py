"""How a file takes its name: never over another, on a file system without links too, and never where that cannot be promised."""

from __future__ import annotations

import ctypes
import errno
import os
import threading

import pytest

from upheld.errors import Conflict
from upheld.gate.publishing import part_of, publish


@pytest.fixture
def no_links(monkeypatch):
    """The folder as on exFAT, which needs root and a disk of its own to be had: no file has two names."""

    def refused(*_, **__):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)


@pytest.fixture
def out(tmp_path):
    part_of(tmp_path / "out.csv").write_text("ours")
    return tmp_path / "out.csv"


@pytest.mark.usefixtures("no_links")
def test_without_links_a_file_takes_its_name_and_leaves_the_hidden_one(out):
    publish(out)
    assert (out.read_text(), part_of(out).exists()) == ("ours", False)


@pytest.mark.usefixtures("no_links")
@pytest.mark.parametrize("taken", ["file", "folder", "dangling link"])
def test_without_links_nothing_is_replaced_either(out, taken):
    match taken:
        case "file":
            out.write_text("theirs")
        case "folder":
            out.mkdir()
        case _:
            out.symlink_to("nowhere")
    with pytest.raises(Conflict, match="appeared meanwhile"):
        publish(out)
    assert part_of(out).read_text() == "ours"
    assert out.is_symlink() or out.is_dir() or out.read_text() == "theirs"


@pytest.mark.usefixtures("no_links")
def test_of_many_who_race_for_one_name_without_links_one_wins_and_keeps_it(tmp_path):
    for turn in range(50):
        folder = tmp_path / str(turn)
        folder.mkdir()
        out, start, won = folder / "out.csv", threading.Barrier(3), []
        part_of(out).write_text("ours")

        def publishes(out=out, start=start, won=won):
            start.wait()
            try:
                publish(out)
                won.append("ours")
            except Conflict:
                pass

        def creates(text, out=out, start=start, won=won):
            start.wait()
            try:
                with out.open("x") as file:
                    won.append(text)
                    file.write(text)
            except FileExistsError:
                pass

        racers = [threading.Thread(target=publishes), *(threading.Thread(target=creates, args=(name,)) for name in ("a", "b"))]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert [out.read_text()] == won
        assert part_of(out).exists() == (won != ["ours"])


@pytest.mark.usefixtures("no_links")
def test_where_no_rename_can_promise_it_nothing_is_published(out, monkeypatch):
    class Bare:
        """A C library that knows no such rename, as on another system than Linux."""

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Bare())
    with pytest.raises(Conflict, match="run it again for a file in another folder"):
        publish(out)
    assert (out.exists(), part_of(out).read_text()) == (False, "ours")


@pytest.mark.usefixtures("no_links")
def test_what_else_goes_wrong_is_said_by_the_system(out):
    part_of(out).unlink()
    with pytest.raises(FileNotFoundError):
        publish(out)
