"""`upheld staff`: who of the staff may sign in at the console, and in which role."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import click

from upheld.cli.answer import show, with_json
from upheld.cli.edge import Edge, pass_edge
from upheld.errors import Invalid, No

NEEDED = ("django", "allauth")


@click.group(short_help="Say who of the staff may sign in at the console.")
def staff() -> None:
    """Say who of the staff may sign in at the console, and in which role.

    Roles are those of the policy's `staff` statements. Nobody chooses a password here: the command prints a link, good once and for three
    days, behind which the person chooses a password and adds a passkey or an app. A password alone lets nobody in.
    """


@staff.command()
@click.argument("address")
@click.option("--role", required=True, metavar="ROLE", help="A role of the policy's `staff` statements.")
@with_json
@pass_edge
def add(edge: Edge, address: str, role: str, *, as_json: bool) -> None:
    """Give the person with e-mail ADDRESS an account. The link is printed once: hand it over in person."""
    made = _do(edge, "add", address, role)
    show(made, as_json=as_json, text=lambda: f"{made['name']} has an account as {made['role']}; the link, good once:\n{made['link']}")


@staff.command()
@click.argument("address")
@with_json
@pass_edge
def link(edge: Edge, address: str, *, as_json: bool) -> None:
    """Print a new link for ADDRESS: password, passkeys, apps and open sessions count no more (a lost telephone, somebody who is back)."""
    made = _do(edge, "link", address)
    show(made, as_json=as_json, text=lambda: f"{made['name']} begins anew as {made['role']}; the link, good once:\n{made['link']}")


@staff.command("list")
@with_json
@pass_edge
def list_(edge: Edge, *, as_json: bool) -> None:
    """List all accounts: role, factors, and when each last signed in."""
    found = _do(edge, "list")
    show(found, as_json=as_json, text=lambda: "\n".join(map(_line, found)) or "nobody has an account: add one with `upheld staff add`")


@staff.command()
@click.argument("address")
@click.argument("new_role", metavar="ROLE")
@with_json
@pass_edge
def role(edge: Edge, address: str, new_role: str, *, as_json: bool) -> None:
    """Give ADDRESS another role, from their next page on."""
    made = _do(edge, "role", address, new_role)
    show(made, as_json=as_json, text=lambda: f"{made['name']} is {made['role']} now")


@staff.command()
@click.argument("address")
@with_json
@pass_edge
def off(edge: Edge, address: str, *, as_json: bool) -> None:
    """Let ADDRESS sign in no more; what is open ends with the next page."""
    made = _do(edge, "off", address)
    show(made, as_json=as_json, text=lambda: f"{made['name']} can sign in no more")


def _do(edge: Edge, action: str, *words: str) -> Any:  # noqa: ANN401 - what JSON holds
    home = edge.home()
    if not all(map(find_spec, NEEDED)):
        raise Invalid("the console needs more than the commands do: run `pip install 'upheld[web]'`")
    command = [sys.executable, "-m", "upheld.site.staffing", edge.actor().name, action, *words]
    done = subprocess.run(  # noqa: S603 - our own program
        command, env={**os.environ, "UPHELD_HOME": str(home.path)}, capture_output=True, text=True, check=False
    )
    if done.returncode == 2:
        raise No(done.stderr.strip())
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def _line(one: dict[str, Any]) -> str:
    factors = ", ".join(one["factors"]) or "has not signed in yet"
    seen = f", last signed in {one['seen_at'][:16]} UTC" if one["seen_at"] else ""
    return f"{one['name']}  {one['role']}  {factors if one['active'] else 'off'}{seen}"
