"""WHERE A MERCHANT'S CONFIGURATION, RECORD AND KEYS LIE.

A home is a folder::

    upheld.toml        which record, the name under which the ledger signs, how mail leaves
    systems.toml       the data map: the merchant's own stores
    record.db          the record, if it is SQLite
    keys/              0700
      master.key       0600, 32 random bytes: every subkey is derived from it
      ledger.key       0600, Ed25519, PKCS#8 PEM: signs checkpoints

Whoever holds `keys/` can open every sealed value and sign in the merchant's name, so looser modes and other owners are refused.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from upheld.errors import Conflict, Invalid, NotFound, Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SETTINGS_FILE = "upheld.toml"
SETTINGS = {
    "record": {"url": "sqlite:///record.db"},
    "ledger": {"name": ""},
    "systems": {"map": "systems.toml"},
    "mail": {"server": "", "sender": "", "user": "", "password_file": ""},
    "intake": {"imap": "", "user": "", "password_file": "", "folder": "INBOX"},
    "drop": {"enabled": "no"},
    "policy": {"second_person": "no"},
    "oidc": {"server": "", "client": "", "secret_file": "", "name": ""},
    "web": {
        "centre": "http://centre.localhost:8100",
        "console": "http://console.localhost:8200",
        "api": "http://api.localhost:8300",
        "events": "http://events.localhost:8400",
        "behind_proxy": "no",
    },
    "scan": {"pages": "", "every_minutes": "60"},
    "traffic": {"hosts": "", "steps": "", "monitors": "", "monitor_agents": "", "countries": ""},
    "sweep": {"at": "03:00"},
    "match": {"spark": ""},
}
"""Every section and setting of `upheld.toml` with its default; anything else in the file is `Invalid`."""

_NAME = re.compile(r"[a-z0-9][a-z0-9./-]{0,98}[a-z0-9]")
_TEMPLATE = """\
# The home of one merchant. The keys lie in keys/; keep a copy of that folder elsewhere, under lock.

[record]
# SQLite in this folder, or a PostgreSQL server: postgresql+psycopg://user@host/database (password in ~/.pgpass or PGPASSWORD)
url = {url}

[ledger]
# The name under which checkpoints are signed. Strangers keep checkpoints by this name: do not change it.
name = "{name}"

# [systems]                           where the merchant's own stores are described (docs/data-map.md)
# map = "systems.toml"

# [mail]                              how confirmations leave; without it they wait as letters
# server = "smtp://mail.example:587"  (smtps:// for TLS from the first byte; smtp:// demands STARTTLS but on this very machine)
# sender = "privacy@shop.example"
# user = "privacy"
# password_file = "keys/mail.password"

# [policy]                            "yes": no version is posted that a second person did not approve (`upheld policy draft`, `approve`)
# second_person = "yes"

# [web]                               where people reach the two sites (docs/privacy-centre.md); TLS is held by a proxy before them
# centre = "https://privacy.shop.example"
# console = "https://privacy-staff.shop.example"
# api = "https://privacy-api.shop.example"   for the merchant's own programs (docs/api.md)
# behind_proxy = "yes"                the proxy says who comes and whether by TLS; else nobody is believed
# [oidc]                              the company's own sign-in, for staff at the console (docs/console.md)
# server = "https://sign-in.shop.example/realms/staff"
# client = "upheld"
# secret_file = "keys/oidc.secret"
# [scan]                              which pages `upheld work` looks at, and how often (docs/site-scanner.md)
# pages = "https://shop.example/"
# [intake]                            the mailbox that people write to; `upheld requests draft --imap` reads it
# imap = "imaps://mail.example"
# user = "privacy"
# password_file = "keys/intake.password"
"""


@dataclass(frozen=True, slots=True)
class Home:
    """One merchant's home: the folder, the URL of the record (SQLite paths made absolute), the ledger's name, and all settings."""

    path: Path
    record_url: str
    ledger_name: str
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict, compare=False)

    @classmethod
    def find(cls, explicit: Path | None = None) -> Home:
        """The home named explicitly, else by `UPHELD_HOME`, else the current folder or the nearest one above that is a home.

        Raises `NotFound` if there is none, `Invalid` if its settings cannot be understood, `Refused` if keys lie open.
        """
        named = explicit or (Path(os.environ["UPHELD_HOME"]) if os.environ.get("UPHELD_HOME") else None)
        if named is not None:
            if not (named / SETTINGS_FILE).is_file():
                raise NotFound(f"no home at `{named}`: make one with `upheld init {named}`")
            return cls._read(named)
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / SETTINGS_FILE).is_file():
                return cls._read(folder)
        raise NotFound("no home here or above: make one with `upheld init`, or name one with `--home`")

    @classmethod
    def create(cls, path: Path, company: str | None = None, record_url: str | None = None) -> Home:
        """Make a home at `path`: settings and fresh keys. Raises `Conflict` if there is one already.

        The settings file comes last, so a creation that is cut off leaves no home, and keys that exist are kept, never overwritten.
        """
        settings = path / SETTINGS_FILE
        if settings.exists():
            raise Conflict(f"`{path}` is a home already")
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            keys = path / "keys"
            keys.mkdir(mode=0o700, exist_ok=True)
            for key, fresh in (("master.key", _fresh_master_key), ("ledger.key", _fresh_ledger_key)):
                if not (keys / key).exists():
                    _write_new(keys / key, fresh())
            name = f"{_slug(company or 'merchant')}/{secrets.token_hex(4)}"
            url = record_url or SETTINGS["record"]["url"]
            _write_new(settings, _TEMPLATE.format(url=json.dumps(url), name=name).encode())
        except OSError as error:
            raise Invalid(f"cannot make a home at `{path}`: {(error.strerror or 'input/output error').lower()}") from error
        return cls._read(path)

    @classmethod
    def _read(cls, path: Path) -> Home:
        path = path.resolve()
        place = str(path / SETTINGS_FILE)
        try:
            given = tomllib.loads((path / SETTINGS_FILE).read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise Invalid("the settings cannot be read: mend the file, or restore it from a copy", place=place) from error
        settings = {section: _section(given, section, place) for section in SETTINGS}
        for section in given:
            if section not in SETTINGS:
                raise Invalid(f"unknown section `{section}`: there are {_listed(SETTINGS)}", place=place)
        if not _NAME.fullmatch(settings["ledger"]["name"]):
            raise Invalid("the ledger's `name` must be lower-case letters, digits, `.`, `/` or `-`", place=place)
        home = cls(path, _absolute(settings["record"]["url"], path), settings["ledger"]["name"], settings)
        _demand_strict(home.keys)
        return home

    def setting(self, section: str, name: str) -> str:
        """One setting of `upheld.toml`, or its default."""
        return self.settings.get(section, SETTINGS[section]).get(name, SETTINGS[section][name])

    def secret(self, file: str) -> bytes:
        """What a file of secrets holds (a password, a token), without the line's end. The path is relative to the home.

        `Refused` if others may read it, `Invalid` if it cannot be read or is empty.
        """
        path = self.path / file
        try:
            found, held = path.stat(), path.read_bytes().strip()
        except OSError as error:
            raise Invalid(f"the secret in `{file}` cannot be read: put it there, mode 600", place=str(self.path)) from error
        _demand_ours(path, found, file, "600")
        if not held:
            raise Invalid(f"the secret in `{file}` is empty: put it there, mode 600", place=str(self.path))
        return held

    @property
    def keys(self) -> Path:
        """The folder of the keys."""
        return self.path / "keys"

    def key(self, purpose: str) -> bytes:
        """The 32-byte subkey for one purpose, e.g. `index/email/v1`: HKDF-SHA-256 of the master key; stable for ever."""
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        master = self._read_key("master.key")
        if len(master) != 32:
            raise Invalid("the master key is not 32 bytes: restore it from a copy", place=str(self.keys / "master.key"))
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"upheld/{purpose}".encode()).derive(master)

    def ledger_key(self) -> Ed25519PrivateKey:
        """The key that signs the ledger's checkpoints."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        place = str(self.keys / "ledger.key")
        try:
            key = load_pem_private_key(self._read_key("ledger.key"), password=None)
        except ValueError as error:
            raise Invalid("the ledger key cannot be read: restore it from a copy", place=place) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise Invalid("the ledger key is not an Ed25519 key: restore it from a copy", place=place)
        return key

    def _read_key(self, name: str) -> bytes:
        _demand_strict(self.keys)
        try:
            return (self.keys / name).read_bytes()
        except OSError as error:
            raise Invalid(f"the key `{name}` is not there or cannot be read: restore it from a copy", place=str(self.keys)) from error


def _section(given: dict[str, object], section: str, place: str) -> dict[str, str]:
    defaults, values = SETTINGS[section], given.get(section, {})
    if not isinstance(values, dict):
        raise Invalid(f"`{section}` must be a section: write `[{section}]`", place=place)
    for setting, value in values.items():
        if setting not in defaults:
            raise Invalid(f"unknown setting `{setting}` in `[{section}]`: there are {_listed(defaults)}", place=place)
        if not isinstance(value, str):
            raise Invalid(f"`{setting}` in `[{section}]` must be a text in quotes", place=place)
    return {**defaults, **values}


def _listed(names: dict[str, object] | dict[str, str] | dict[str, dict[str, str]]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _absolute(url: str, home: Path) -> str:
    prefix = "sqlite:///"
    if url.startswith(prefix) and url != prefix and not url.startswith(prefix + "/"):
        return f"{prefix}{home / url.removeprefix(prefix)}"
    return url


def _demand_strict(keys: Path) -> None:
    """Refuse keys that anyone but their owner could read or write: one line says how to mend it."""
    for path, mode in ((keys, "700"), *((keys / name, "600") for name in ("master.key", "ledger.key"))):
        try:
            found = path.stat()
        except OSError as error:
            raise Invalid(f"`{path.name}` is not there: restore the keys from a copy", place=str(path)) from error
        _demand_ours(path, found, path.name, mode)


def _demand_ours(path: Path, found: os.stat_result, name: str, wanted: str) -> None:
    """`Refused` unless the file belongs to whoever runs this, and nobody else may reach it: its owner could always change its mode."""
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid != os.geteuid():
        raise Refused(f"`{name}` belongs to another user ({found.st_uid}): run this as that user, or `chown {os.geteuid()} {path}`")
    if mode & 0o077:
        raise Refused(f"others may reach `{name}` (mode {mode:o}): run `chmod {wanted} {path}`")


def _slug(company: str) -> str:
    plain = unicodedata.normalize("NFKD", company).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-") or "merchant"


def _fresh_master_key() -> bytes:
    return secrets.token_bytes(32)


def _fresh_ledger_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all, down to the disk."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    unfinished.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
