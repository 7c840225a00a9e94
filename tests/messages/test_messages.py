"""Confirmations: how they leave over a real SMTP server, and how they look as a letter."""

import email
import email.policy
from datetime import UTC, datetime

import pytest
from aiosmtpd.controller import Controller

from upheld.errors import Invalid, Refused
from upheld.home import SETTINGS_FILE, Home
from upheld.messages.letters import letter
from upheld.messages.mail import Mail, MailServer, Undelivered

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
MAIL = Mail("kate@example.com", "You are off our lists", "Hello,\nthis is done.\n", "tok3n", NOW)


class Taking:
    """What a server does with what it is handed: keeps it, or answers with a code."""

    def __init__(self):
        self.taken, self.answer = [], "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - the library's name
        if self.answer.startswith("550"):
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the library's name
        if not self.answer.startswith("250"):
            return self.answer
        self.taken.append((tuple(envelope.rcpt_tos), email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return self.answer


@pytest.fixture
def smtp(unused_tcp_port_):
    taking = Taking()
    controller = Controller(taking, hostname="127.0.0.1", port=unused_tcp_port_)
    controller.start()
    yield taking, MailServer("127.0.0.1", unused_tcp_port_, tls=False, sender="privacy@shop.example")
    controller.stop()


@pytest.fixture
def unused_tcp_port_():
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_a_message_reaches_a_real_server_as_one_that_no_person_wrote(smtp):
    taking, server = smtp
    server.send(MAIL)
    server.send(MAIL)  # again after a crash: the same message
    (rcpt, first), (_, second) = taking.taken
    assert rcpt == ("kate@example.com",)
    assert first["Auto-Submitted"] == "auto-replied"
    assert first["Message-ID"] == second["Message-ID"] == "<tok3n@shop.example>"
    assert first.get_content().replace("\r\n", "\n") == MAIL.text


@pytest.mark.parametrize(("answer", "again"), [("550 no such user", False), ("451 come back later", True), ("554 no", False)])
def test_what_a_server_refuses_is_said_without_the_address(smtp, answer, again):
    taking, server = smtp
    taking.answer = answer
    with pytest.raises(Undelivered, match=f"the mail server refused the .* \\(code {answer[:3]}\\)") as undelivered:
        server.send(MAIL)
    assert undelivered.value.again is again
    assert "kate" not in str(undelivered.value)


def test_a_server_that_is_not_there_is_asked_again_later(unused_tcp_port_):
    with pytest.raises(Undelivered, match="does not answer") as undelivered:
        MailServer("127.0.0.1", unused_tcp_port_, tls=False, sender="privacy@shop.example").send(MAIL, patience=2)
    assert undelivered.value.again


@pytest.mark.parametrize("to", ["kate@example.com\nBcc: all@example.com", "kate", "", "a b@example.com"])
def test_an_address_that_is_none_never_reaches_the_server(smtp, to):
    taking, server = smtp
    with pytest.raises(Undelivered, match="the address cannot be written to"):
        server.send(Mail(to, "s", "t", "tok", NOW))
    assert taking.taken == []


def test_the_server_is_read_from_the_settings(tmp_path):
    home = Home.create(tmp_path / "home")
    assert MailServer.of(home) is None

    def settings(text):
        (home.path / SETTINGS_FILE).write_text(f'[ledger]\nname = "{home.ledger_name}"\n[mail]\n{text}\n')
        return MailServer.of(Home.find(home.path))

    sender = 'sender = "privacy@shop.example"\n'
    made = settings(sender + 'server = "smtps://mail.example"')
    assert made is not None
    assert (made.host, made.port, made.tls) == ("mail.example", 465, True)
    for wrong in ("mail.example", "smtp://u:p@mail.example", "smtp://mail.example:x", "http://mail.example"):
        with pytest.raises(Invalid, match="`server` in `\\[mail\\]` cannot be read"):
            settings(sender + f'server = "{wrong}"')
    with pytest.raises(Invalid, match="`sender` in `\\[mail\\]`"):
        settings('server = "smtps://mail.example"\nsender = "me"')
    password = home.keys / "mail.password"
    password.write_text("open sesame")
    with pytest.raises(Refused, match="others may reach"):
        password.chmod(0o640) or settings(sender + 'server = "smtps://mail.example"\nuser = "u"\npassword_file = "keys/mail.password"')
    password.chmod(0o600)
    assert "sesame" not in repr(settings(sender + 'server = "smtps://m.example"\nuser = "u"\npassword_file = "keys/mail.password"'))


def test_a_letter_holds_nothing_that_runs():
    page = letter(sender="Northgate", to=["<script>x</script>", "1 Elm St"], subject="S", text="a < b")
    assert "<script" not in page
    assert "&lt;script&gt;x&lt;/script&gt;\n1 Elm St" in page
    assert "a &lt; b" in page
