"""THE SAMPLE MERCHANT, RUNNING: shop, privacy centre, console, API and worker, in one group of processes that end together.

    python -m examples.shop.serving FOLDER

FOLDER is the home that the story made. What is not there yet is made once: the shop's database and data map, a key for the shop, staff.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from examples.shop.store.seeding import PASSWORD

HOUSE = Path(__file__).parents[2]
PORTS = {"shop": 8000, "centre": 8100, "console": 8200, "api": 8300}
PATIENCE = 60  # seconds until all answer
STAFF = {
    "robin@northgate.example": "support",
    "kim@northgate.example": "marketing",
    "alex@northgate.example": "privacy",
    "sam@northgate.example": "privacy",  # whoever drafts a version does not approve it
}


@dataclass
class Merchant:
    """The processes over one home. `ports` are those that were free, `links` where each of the staff begins, by address."""

    home: Path
    ports: dict[str, int] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    customer: str = ""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def address(self, what: str) -> str:
        """Where a browser finds it."""
        return f"http://{what}.localhost:{self.ports[what]}"

    def prepare(self) -> None:
        """Make what is not there yet."""
        self.ports = {what: _free(port) for what, port in PORTS.items()}
        self._say_addresses()
        shutil.copy(HOUSE / "examples" / "shop" / "systems.toml", self.home / "systems.toml")
        self._fill_inbox()
        customer = self.home / "customer.txt"
        if not customer.exists():
            for half_made in self.home.glob("shop.db*"):
                half_made.unlink()
            customer.write_text(self._python("-m", "examples.shop.store.seeding", SHOP_FOLDER=str(self.home)))
        self.customer = customer.read_text().strip()
        key = self.home / "keys" / "shop.key"
        if not key.exists():
            name = f"shop-{_letters(int(time.time()))}"
            given = self._upheld("keys", "add", name, "--may", "decide", "--may", "choices", "--for", "recommendation", "--for", "ordering")
            with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(given.strip())
        self._employ()

    def _fill_inbox(self) -> None:
        """The story's list of customers waits where the console's releases begin."""
        inbox, customers = self.home / "inbox", self.home / "customers.csv"
        if customers.exists():
            inbox.mkdir(exist_ok=True)
            shutil.copy(customers, inbox / customers.name)

    def _employ(self) -> None:
        """Give each of the staff an account, and a link to whoever has not signed in by one yet."""
        there = {one["name"]: one["factors"] for one in json.loads(self._upheld("staff", "list", "--json"))}
        for email, role in STAFF.items():
            if there.get(email):
                self.links[email] = f"{role}, as before"
                continue
            words = ("staff", "link", email) if email in there else ("staff", "add", email, "--role", role)
            self.links[email] = json.loads(self._upheld(*words, "--json"))["link"]

    def start(self) -> None:
        """Start everything, and wait until it answers."""
        logs = self.home / "logs"
        logs.mkdir(exist_ok=True)
        shop = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.ports["shop"]), "--no-ws"]
        commands = {
            "shop": [*shop, "examples.shop.store.wsgi:application"],
            **{site: ["-m", "upheld.cli.main", "serve", site, "--port", str(self.ports[site])] for site in ("centre", "console", "api")},
            "worker": ["-m", "upheld.cli.main", "work", "--follow"],
        }
        for what, words in commands.items():
            with (logs / f"{what}.log").open("wb") as log:
                self.running[what] = subprocess.Popen(
                    [sys.executable, *words], env=self._surroundings(), cwd=self.home, stdout=log, stderr=log, start_new_session=False
                )
        until = time.monotonic() + PATIENCE
        for what, port in self.ports.items():
            while not _answers(port, what):
                if time.monotonic() > until or any(one.poll() is not None for one in self.running.values()):
                    self.stop()
                    sys.exit(f"the {what} does not answer: look at {logs / what}.log")
                time.sleep(0.1)

    def stop(self) -> None:
        """End everything that was started."""
        for one in self.running.values():
            if one.poll() is None:
                one.send_signal(signal.SIGTERM)
        for one in self.running.values():
            try:
                one.wait(15)
            except subprocess.TimeoutExpired:
                one.kill()

    def wait(self) -> str:
        """Until one of them ends by itself; which."""
        while True:
            for what, one in self.running.items():
                if one.poll() is not None:
                    return what
            time.sleep(0.5)

    def _say_addresses(self) -> None:
        """Write the ports that were free into the home's settings, in place of what an earlier start wrote."""
        settings = self.home / "upheld.toml"
        before = settings.read_text().partition("\n# the sample merchant\n")[0].rstrip("\n")
        sites = "".join(f'{site} = "{self.address(site)}"\n' for site in ("centre", "console", "api"))
        settings.write_text(f"{before}\n\n# the sample merchant\n[web]\n{sites}")

    def _surroundings(self) -> dict[str, str]:
        key = self.home / "keys" / "shop.key"
        told = {
            "UPHELD_HOME": str(self.home), "UPHELD_ACTOR": "demo", "PYTHONPATH": f"{HOUSE / 'src'}{os.pathsep}{HOUSE}",
            "SHOP_FOLDER": str(self.home), "SHOP_ADDRESS": self.address("shop"), "SHOP_CENTRE": self.address("centre"),
            "SHOP_API": f"http://127.0.0.1:{self.ports['api']}", "SHOP_KEY": key.read_text().strip() if key.exists() else "",
        }  # fmt: skip
        return {**os.environ, **told}

    def _upheld(self, *words: str) -> str:
        return self._python("-m", "upheld.cli.main", *words)

    def _python(self, *words: str, **more: str) -> str:
        ran = subprocess.run(
            [sys.executable, *words], env=self._surroundings() | more, cwd=self.home, capture_output=True, text=True, check=False
        )
        if ran.returncode:
            sys.exit(f"{ran.stdout}{ran.stderr}\nthe sample merchant could not be made ready")
        return ran.stdout


def _free(wanted: int) -> int:
    """The port, or another one if it is taken."""
    for port in (wanted, 0):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(one.getsockname()[1])
    raise AssertionError


def _answers(port: int, what: str) -> bool:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Host": f"{what}.localhost:{port}"})
    try:
        with urllib.request.urlopen(request, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True  # it answers; what, is its own business
    except OSError:
        return False


def _letters(number: int) -> str:
    """A number in letters: a key's name may hold few digits."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def main(folder: Path) -> None:
    """Serve until stopped."""
    merchant = Merchant(folder)
    merchant.prepare()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        merchant.start()
        _introduce(merchant)
        ended = merchant.wait()
        sys.stdout.write(f"the {ended} ended by itself: look at {folder / 'logs' / ended}.log\n")
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    finally:
        merchant.stop()


def _introduce(merchant: Merchant) -> None:
    told = [
        "",
        "The sample merchant is running (Ctrl-C ends it):",
        f"  the shop            {merchant.address('shop')}",
        f"                      sign in as {merchant.customer}, password: {PASSWORD}",
        f"  the privacy centre  {merchant.address('centre')}",
        f"                      codes and confirmations lie in {merchant.home.name}/letters, as no mail server is named",
        f"  the console         {merchant.address('console')}",
        *(f"                      {email.partition('@')[0]}, {STAFF[email]}: {link}" for email, link in merchant.links.items()),
        "                      (each link is good once: choose a password there, and add an app or a passkey)",
        f"  the API             {merchant.address('api')}/api/v1/openapi.json",
        "",
    ]
    sys.stdout.write("\n".join(told))
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo-home").resolve())
