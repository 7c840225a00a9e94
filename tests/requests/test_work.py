"""The whole story by commands: a request on the telephone, the worker, the proof, and the confirmation by mail over a real server."""

import json
import socket
import sqlite3

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from upheld.cli.main import run

MAP = """\
[shop]
database = "sqlite:///shop.db"

[shop.columns]
customers.id = "key"
customers.email = "order.email"
customers.no_mail = "out of newsletter when 1"
"""


class Kept(Message):
    """Keeps what it was handed."""

    def __init__(self):
        super().__init__()
        self.mails = []

    def handle_message(self, message):
        self.mails.append(message)


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    assert run(["init", str(folder), "--company", "Northgate"]) == 0
    monkeypatch.setenv("UPHELD_HOME", str(folder))
    assert run(["policy", "post", "policies/northgate.md"]) == 0
    (folder / "systems.toml").write_text(MAP)
    with sqlite3.connect(folder / "shop.db") as db:
        db.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email, no_mail INT)")
        db.execute("INSERT INTO customers (email) VALUES ('Kate@Example.com'), ('jim@example.com')")
    return folder


def test_a_request_by_telephone_is_carried_out_proven_and_confirmed_by_mail(home, capsys):
    kept = Kept()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with (home / "upheld.toml").open("a") as file:
            file.write(f'\n[mail]\nserver = "smtp://127.0.0.1:{port}"\nsender = "privacy@shop.example"\n')
        assert run(["requests", "receive", "--email", "kate@example.com", "--how", "phone"]) == 0
        assert run(["work", "--seconds", "5"]) == 0
        assert "tried" in capsys.readouterr().out
        assert run(["requests", "show", "1", "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)
    finally:
        controller.stop()
    assert shown["request"]["state"] == "complete", shown
    with sqlite3.connect(home / "shop.db") as db:
        assert db.execute("SELECT id, no_mail FROM customers ORDER BY id").fetchall() == [(1, 1), (2, None)]
    (mail,) = kept.mails
    assert mail["To"] == "kate@example.com"
    assert "Stopped in shop, customers: 1 record" in mail.get_payload()
    assert run(["work"]) == 0
    assert capsys.readouterr().out == "nothing is due\n"


def test_without_a_data_map_the_worker_says_what_to_write(home, capsys):
    (home / "systems.toml").unlink()
    assert run(["requests", "receive", "--email", "kate@example.com", "--how", "phone"]) == 0
    assert run(["work"]) == 0
    capsys.readouterr()
    assert run(["requests", "show", "1"]) in (0, 1)
    assert "there is no data map" in capsys.readouterr().out
