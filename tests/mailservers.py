"""A REAL IMAP SERVER FOR TESTS: Debian's Dovecot over TLS on loopback, with one mailbox, for as long as a test needs it.

A missing server is a failure, never a skip: `apt-get install dovecot-imapd`, or `make test`, which does it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

MISSING = "no IMAP server for the tests: install one with `apt-get install dovecot-imapd`"
USER, PASSWORD = "privacy", "not-a-secret"
CONFIG = """\
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
"""


@dataclass(frozen=True, slots=True)
class Imap:
    """A running server. `authority` is the certificate that a client must trust (`SSL_CERT_FILE`)."""

    port: int
    authority: Path
    mail: Path

    def deliver(self, raw: bytes) -> None:
        """Put a message into the mailbox, as the mail server's last step does."""
        folder = self.mail / "new"
        folder.mkdir(parents=True, exist_ok=True)
        name = folder / f"{time.time_ns()}.{os.getpid()}.localhost"
        name.write_bytes(raw)
        owner = self.mail.stat()
        for path in (folder, name):
            os.chown(path, owner.st_uid, owner.st_gid)

    def flags(self) -> list[str]:
        """The flags of each message that was looked at, as they stand in its file's name: `S` was read."""
        return sorted(path.name.rpartition(":2,")[2] for path in (self.mail / "cur").iterdir())


@contextmanager
def imap() -> Iterator[Imap]:
    """A Dovecot for as long as the context lasts; its files are gone afterwards."""
    dovecot = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if dovecot is None:
        raise RuntimeError(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="upheld-imap-", dir="/tmp"))
    try:
        port, mail = _free_port(), folder / "mail"
        me, mailman = pwd.getpwuid(os.geteuid()), pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        internal = "dovecot" if os.geteuid() == 0 else me.pw_name
        mail.mkdir()
        os.chown(mail, mailman.pw_uid, mailman.pw_gid)
        folder.chmod(0o755)
        _certificate(folder)
        (folder / "dovecot.conf").write_text(
            CONFIG.format(
                folder=folder, port=port, password=PASSWORD, uid=mailman.pw_uid, gid=mailman.pw_gid, internal=internal,
                internal_group=internal, login="dovenull" if os.geteuid() == 0 else me.pw_name,
            )
        )  # fmt: skip
        server = subprocess.Popen([dovecot, "-F", "-c", str(folder / "dovecot.conf")], stderr=subprocess.PIPE)
        try:
            _await(port, server, folder / "log")
            yield Imap(port, folder / "cert.pem", mail)
        finally:
            server.terminate()
            server.communicate(timeout=20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _certificate(folder: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=2))
    made = made.add_extension(names, critical=False).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    (folder / "key.pem").chmod(0o600)


def _await(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    told = log.read_text(errors="replace")[-2000:] if log.exists() else ""
    raise RuntimeError(f"Dovecot did not start: {told}")
