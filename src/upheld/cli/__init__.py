"""THE SAME ACTIONS FROM A TERMINAL: each command translates its words in, makes one call, and translates the answer out.

Conventions that every command keeps:

- A command is found by name in a table (`main.COMMANDS`, and one a group) and its module is loaded only when it is called.
- It returns its exit code (`exits.py`); None is 0. It raises `No` for what it refuses; `main.main` prints that as one line.
- The answer goes to standard output, everything else (progress, warnings, refusals) to standard error.
- `@with_json` gives it `--json` and `as_json`; `answer.show` prints the one or the other.
- `edge.pass_edge` gives it the home, the clock and the actor.
"""
