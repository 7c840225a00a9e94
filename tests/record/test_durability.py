"""What is acknowledged is kept: two writers at once, writers killed at any moment, disks that are full."""

import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.record.appending import ROW, write
from upheld.errors import Conflict
from upheld.ledger import queries
from upheld.ledger.verification import verify
from upheld.record import Record

SCRIPT = Path(__file__).with_name("appending.py")
ROOT = SCRIPT.parents[2]


def start(record, writer, count=None, die_at=None, **how):
    url = record.url.render_as_string(hide_password=False)
    words = [sys.executable, SCRIPT, url, str(writer), *([] if count is None else [str(count)])]
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environment = os.environ | {"PYTHONPATH": paths} | ({} if die_at is None else {"DIE_AT": str(die_at)})
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment, **how)


def acknowledged(process):
    """(number, entry) of every write that the process was told is committed; a line cut by the kill does not count."""
    said = process.stdout.read()
    process.stdout.close()
    process.wait()
    lines = [line for line in said.splitlines(keepends=True) if line.endswith("\n")]
    return [tuple(map(int, line.split())) for line in lines if not line.startswith("no")]


def written(record):
    """(writer, number, entry) of every row, after checking that rows and entries tell the same story and the ledger holds."""
    with record.reading() as conn:
        rows = {(row.writer, row.number, row.entry) for row in conn.execute(select(ROW))}
        entries = {(entry.body["writer"], entry.body["number"], entry.id) for entry in queries.entries(conn)}
        assert verify(conn)
        assert rows == entries
    return rows


def test_two_processes_that_append_at_once_make_one_log_without_gaps(record):
    first = start(record, 1)
    assert first.stdout.readline() == "0 0\n"  # it is at work, and stays so as long as the second lives
    second = start(record, 2, 60)
    told = {(2, *pair) for pair in acknowledged(second)}
    assert first.poll() is None
    first.kill()
    told |= {(1, *pair) for pair in acknowledged(first)}
    rows = written(record)
    assert told <= rows
    assert len(rows) <= len(told) + 2  # the line read above, and the one write that the kill cut off
    assert sorted(entry for _, _, entry in rows) == list(range(len(rows)))
    writers = [writer for writer, _, _ in sorted(rows, key=lambda row: row[2])]
    assert writers.count(2) == 60
    assert 1 in writers[writers.index(2) :], "the two never met: the test showed nothing"


def test_a_writer_killed_at_any_moment_loses_nothing_it_acknowledged(record):
    chance, told, kills = random.Random(8), set(), 6
    for writer in range(kills):
        process = start(record, writer)
        process.stdout.readline()  # it is at work: its number 0 is acknowledged
        time.sleep(chance.random() * 0.05)
        process.kill()
        told |= {(writer, *pair) for pair in acknowledged(process)}
    rows = written(record)
    assert told <= rows
    assert len(rows) <= len(told) + 2 * kills  # the first line of each was read here; at most one more was under way
    entry = write(record, kills, 0)  # and the next writer goes on where it stood
    assert entry == len(rows)
    written(record)


def test_a_writer_that_dies_between_any_two_steps_leaves_all_of_an_action_or_nothing(record):
    seen = {"nothing": 0, "all, and nobody was told": 0, "all, and told": 0}
    for writer in range(12):  # an append takes 7 to 9 steps, as a hash over two entries is due or not
        before = len(written(record))
        process = start(record, writer, 1, die_at=writer)
        told = len(process.stdout.read().splitlines())
        process.stdout.close()
        process.wait()
        rows = len(written(record)) - before - 1  # its first append is no matter here
        assert told <= rows <= 1
        seen["nothing" if not rows else "all, and told" if told else "all, and nobody was told"] += 1
    assert seen["nothing"] >= 6
    assert seen["all, and nobody was told"] >= 1
    assert seen["all, and told"] >= 1


def test_a_disk_that_fills_up_is_said_and_loses_nothing_acknowledged(tmp_path):
    record = Record(f"sqlite:///{tmp_path}/record.db")
    record.create()

    def narrow():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_200_000, 1_200_000))
        # Python ignores SIGXFSZ, so the write fails with EFBIG, as a full disk fails with ENOSPC

    process = start(record, 1, preexec_fn=narrow)
    said = process.stdout.read().splitlines()
    process.stdout.close()
    assert process.wait() == 0
    assert said[-1].startswith("no the record's disk")
    told = {(1, *map(int, line.split())) for line in said[:-1]}
    assert len(told) > 5
    assert written(record) >= told
    write(record, 2, 0)  # once there is room, it goes on
    written(record)
    record.close()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB; only root can make one."""
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], capture_output=True, check=False)
    yield place if made.returncode == 0 else None
    if made.returncode == 0:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_file_system_without_room_is_said_in_one_line(small_disk, tmp_path):
    place = small_disk or tmp_path  # who may not mount is shown the other full disk above; here only the words are left to see
    record = Record(f"sqlite:///{place}/record.db")
    record.create()
    entries = 0
    if small_disk:
        with pytest.raises(Conflict, match="the record's disk is full: make room and run it again; nothing was changed"):
            while True:
                assert write(record, 1, entries) == entries
                entries += 1
        assert entries > 100
    assert len(written(record)) == entries
    record.close()
