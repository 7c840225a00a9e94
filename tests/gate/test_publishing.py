"""How a file takes its name: never over another, on a file system without links too, and never where that cannot be promised."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest

from upheld.errors import Conflict, Invalid
from upheld.gate.publishing import demand_free, disk_full_in_words, part_of, publish, sweep, working_folder, writing


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


def test_a_folder_that_may_not_be_written_is_said(tmp_path):
    tmp_path.chmod(0o500)
    real = os.getuid()
    if real == 0:
        os.setreuid(65534, -1)  # root may write everywhere; what is asked is whether the real user may
    try:
        with pytest.raises(Invalid, match="may not be written: look at its owner and mode"):
            demand_free(tmp_path / "out.csv")
    finally:
        os.setreuid(real, -1)
        tmp_path.chmod(0o700)


def test_what_a_dead_writer_left_is_thrown_away(tmp_path):
    part_of(tmp_path / "out.csv").write_text("of somebody dead")
    with writing(tmp_path / "out.csv") as unfinished:
        assert unfinished.path.read_bytes() == b""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("again", [1, 3])
def test_a_file_that_is_taken_for_a_dead_one_s_before_it_is_locked_is_made_anew(tmp_path, monkeypatch, again):
    out, lock, taken = tmp_path / "out.csv", fcntl.flock, []

    def flock(handle, how):
        if len(taken) < again:
            taken.append(part_of(out).unlink())
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    if again == 1:
        with writing(out) as unfinished:
            assert part_of(out).samefile(f"/proc/self/fd/{unfinished.handle}")
    else:
        with pytest.raises(Conflict, match="another release is writing"), writing(out):
            pass
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_file_that_went_away_while_it_was_written_costs_nothing(tmp_path):
    with writing(tmp_path / "out.csv") as unfinished:
        unfinished.path.unlink()
    assert list(tmp_path.iterdir()) == []


def test_only_a_full_disk_is_called_full():
    with pytest.raises(Conflict, match="the disk is full"), disk_full_in_words():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(OSError, match="No such device"), disk_full_in_words():
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))


def test_a_sweep_takes_the_folders_of_the_dead_and_leaves_those_that_are_being_made(tmp_path):
    making, dead = tmp_path / "work" / ".abc", tmp_path / "work" / "def"
    for folder in (making, dead):
        folder.mkdir(parents=True)
        (folder / "lock").touch()
    with working_folder(tmp_path, tmp_path / "out.csv") as living:
        sweep(tmp_path)
        assert {folder.name for folder in (tmp_path / "work").iterdir()} == {".abc", living.name}


def test_a_folder_that_takes_no_file_is_said_with_what_to_do():
    with (
        pytest.raises(Invalid, match=r"cannot write `/proc/out.csv`: .*; name another folder with `--out`"),
        writing(Path("/proc/out.csv")),
    ):
        pass


def test_a_disk_that_is_full_already_is_said_as_such(out, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(Conflict, match="the disk is full"), disk_full_in_words(), writing(out):
        pass


def test_a_link_in_place_of_the_unfinished_file_is_neither_followed_nor_thrown_away(tmp_path):
    out, elsewhere = tmp_path / "out.csv", tmp_path / "elsewhere"
    part_of(out).symlink_to(elsewhere)
    with pytest.raises(Conflict, match="another release is writing"), writing(out):
        pass
    assert part_of(out).is_symlink()
    assert not elsewhere.exists()


@pytest.mark.parametrize("unfinished", [True, False])
def test_a_sweep_takes_the_unfinished_file_of_the_dead_too_if_there_is_one(tmp_path, unfinished):
    dead, out = tmp_path / "work" / "abc", tmp_path / "out.csv"
    dead.mkdir(parents=True)
    (dead / "lock").touch()
    (dead / "out").write_text(str(out))
    if unfinished:
        part_of(out).write_text("half")
    sweep(tmp_path)
    assert (dead.exists(), part_of(out).exists()) == (False, False)
