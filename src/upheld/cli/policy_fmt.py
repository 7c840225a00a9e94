"""`upheld policy fmt`: lay out the statements of a policy in one way."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import click

from upheld.cli import exits
from upheld.cli.answer import show, with_json


@click.command(short_help="Lay out the statements of a policy in one way.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Change nothing; end with 1 if it is laid out otherwise.")
@click.option("--write", is_flag=True, help="Put the result into FILE itself.")
@with_json
def fmt(file: Path, *, only_check: bool, write: bool, as_json: bool) -> int:
    """Lay out the statements of the policy in FILE in one way, and print the result.

    Their meaning and the prose stay as they are. Tabs, Windows line ends and a byte order mark are put right.
    """
    from upheld.policy import formatting
    from upheld.policy.document import read_text

    if only_check and write:
        raise click.UsageError("say `--check` or `--write`, not both")
    before = read_text(file)
    after = formatting.format(before, str(file))
    changes = after != before
    if write and changes:
        _replace(file, after)
    if as_json:
        told = {"file": file, "changes": changes, "written": write and changes}
        show(told if only_check or write else told | {"text": after}, as_json=True, text=str)
    elif only_check and changes:
        click.echo(f"{file}: laid out otherwise; `upheld policy fmt --write {file}` puts it right")
    elif write and changes:
        click.echo(f"{file}: laid out", err=True)
    elif not only_check and not write:
        click.echo(after, nl=False)
    return exits.FINDINGS if only_check and changes else exits.FINE


def _replace(file: Path, text: str) -> None:
    """Put the text into the file whole or not at all."""
    target = file.resolve()  # the file itself, where a link leads to it
    number, fresh = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(fresh).chmod(target.stat().st_mode & 0o7777)
        Path(fresh).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(fresh).unlink()
        raise
