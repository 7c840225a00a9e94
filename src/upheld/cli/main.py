"""The command `upheld`: its table of commands, and how it ends."""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from upheld import __version__
from upheld.cli import exits
from upheld.cli.edge import Edge
from upheld.cli.lazy import LazyGroup
from upheld.errors import No

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": ("upheld.cli.init:init", "Make a home: configuration, database and keys."),
    "policy": ("upheld.cli.policy:policy", "Read, check, prove, compare and post the policy."),
    "decide": ("upheld.cli.decide:decide", "Decide one use for one person."),
    "release": ("upheld.cli.release:release", "Write what of a list may leave, and record it."),
    "why": ("upheld.cli.why:why", "Explain one decision down to the sentence on the page."),
    "disclosures": ("upheld.cli.disclosures:disclosures", "List what left about one person."),
    "choices": ("upheld.cli.choices:choices", "Record and import who opted in and out."),
    "work": ("upheld.cli.work:work", "Do what requests have set going: search, mark, tell, prove, confirm."),
    "law": ("upheld.cli.law:law", "Say what the laws ask, by when, and how sure that is."),
    "systems": ("upheld.cli.systems:systems", "Say where information lies: map, check and index the systems."),
    "traffic": ("upheld.cli.traffic:traffic", "Say what happens on the sites, and look at what runs there."),
    "match": ("upheld.cli.match:match", "Say whose a record is, and learn to say it better."),
    "exchange": ("upheld.cli.exchange:exchange", "Scrub a list that its holder may not send."),
    "recipients": ("upheld.cli.recipients:recipients", "Register who may receive, and their contracts."),
    "ledger": ("upheld.cli.ledger:ledger", "Verify, prove and export the record of what was done."),
    "requests": ("upheld.cli.requests:requests", "Take people off every list, and prove it."),
    "staff": ("upheld.cli.staff:staff", "Say who of the staff may sign in at the console."),
    "keys": ("upheld.cli.keys:keys", "Give programs keys to the API, bound to purposes."),
    "webhooks": ("upheld.cli.webhooks:webhooks", "Tell programs what happened."),
    "serve": ("upheld.cli.serve:serve", "Serve the privacy centre, the console, or the API."),
    "upgrade": ("upheld.cli.upgrade:upgrade", "Bring an older record to this release."),
    "completion": ("upheld.cli.completion:completion", "Print the completion script for a shell."),
}
"""Each command's place and its line in `upheld --help`. Nothing of it is loaded before it is called."""

DEBUG: Final = "UPHELD_DEBUG"


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="upheld %(version)s")
@click.option(
    "--home",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The merchant's home. Else UPHELD_HOME, else the current folder or one above it.",
)
@click.pass_context
def upheld(ctx: click.Context, folder: Path | None) -> None:
    """Run a published privacy policy: decide what may leave, write only that, keep the evidence.

    Ends with: 0 fine, 1 findings (or refused), 2 bad input, 3 wider.
    """
    ctx.obj = Edge(folder)


def main(argv: Sequence[str] | None = None) -> None:
    """Run `upheld` with the arguments of the process, and end the process."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no command multiplies matrices, and threads that wait for it cost 70 ms
    sys.exit(run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run one command; its exit code. Every refusal becomes one line on standard error, never a stack trace."""
    try:
        code = _call(argv)
        sys.stdout.flush()
    except No as no:
        return _say(str(no), exits.BAD_INPUT)
    except click.ClickException as problem:
        return _say(_one_line(problem), exits.BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", exits.INTERRUPTED)
    except BrokenPipeError:
        return _nobody_reads()
    except OSError as problem:
        return _say(_of_system(problem), exits.BAD_INPUT)
    except Exception as fault:  # noqa: BLE001 - the last place before the user
        return _say(_of_ours(fault), exits.OUR_FAULT)
    return code


def _call(argv: Sequence[str]) -> int:
    if os.environ.get("_UPHELD_COMPLETE"):
        from click.shell_completion import shell_complete

        return shell_complete(upheld, {}, "upheld", "_UPHELD_COMPLETE", os.environ["_UPHELD_COMPLETE"])
    try:
        with upheld.make_context("upheld", list(argv)) as ctx:
            answer = upheld.invoke(ctx)
    except click.exceptions.NoArgsIsHelpError as problem:
        click.echo(problem.ctx.get_help() if problem.ctx else "", err=False)
        return exits.FINE
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    return answer if isinstance(answer, int) else exits.FINE


def _say(line: str, code: int) -> int:
    click.echo(f"upheld: {line}", err=True)
    return code


def _one_line(problem: click.ClickException) -> str:
    words = " ".join(problem.format_message().split()).removesuffix(".").replace(". Did you mean", "; did you mean")
    words = re.sub(r"'([^']*)'", r"`\1`", words)  # click's quotes become the house's
    ctx = getattr(problem, "ctx", None)
    more = f" (see `{ctx.command_path} --help`)" if isinstance(problem, click.UsageError) and ctx and "--help" not in words else ""
    return words[:1].lower() + words[1:] + more


def _of_system(problem: OSError) -> str:
    what = (problem.strerror or "the system refused").lower()
    return f"`{problem.filename}`: {what}" if problem.filename else what


def _nobody_reads() -> int:
    # Python flushes standard output once more when it ends, which would fail again, this time aloud.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exits.NOBODY_READS


def _of_ours(fault: Exception) -> str:
    if os.environ.get(DEBUG):
        traceback.print_exception(fault)
    if isinstance(fault, MemoryError):
        return os.strerror(errno.ENOMEM).lower()
    last = traceback.extract_tb(fault.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    # The message of an unforeseen fault may hold a personal value, so it is not printed.
    return f"a fault of the program itself at {place} ({type(fault).__name__}); nothing more was done; {DEBUG}=1 shows the trace"


if __name__ == "__main__":
    main()
