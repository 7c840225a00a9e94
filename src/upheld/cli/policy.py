"""`upheld policy`: the table of what can be done with a policy document."""

from __future__ import annotations

from typing import Final

import click

from upheld.cli.lazy import LazyGroup

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "check": ("upheld.cli.policy_check:check", "Find every fault of a policy."),
    "explain": ("upheld.cli.policy_explain:explain", "Say in plain words what statements mean."),
    "render": ("upheld.cli.policy_render:render", "Write the page that customers read."),
    "show": ("upheld.cli.policy_show:show", "Show each clause and what keeps it."),
    "vocabulary": ("upheld.cli.policy_vocabulary:vocabulary", "List the words that a policy may use."),
    "export": ("upheld.cli.policy_export:export", "Say the policy in a standard vocabulary."),
    "prove": ("upheld.cli.policy_prove:prove", "Prove what a policy says it never or always does."),
    "draft": ("upheld.cli.policy_draft:draft", "Keep a new version for a second person to approve."),
    "drafts": ("upheld.cli.policy_draft:drafts", "List drafted versions and how they stand."),
    "approve": ("upheld.cli.policy_draft:approve", "Approve what somebody else drafted."),
    "withdraw": ("upheld.cli.policy_draft:withdraw", "Give up a draft."),
    "affected": ("upheld.cli.policy_affected:affected", "Count the people whom a new version touches."),
    "post": ("upheld.cli.policy_post:post", "Put a policy in force."),
    "unpost": ("upheld.cli.policy_post:unpost", "Withdraw a posting that is not yet in force."),
    "history": ("upheld.cli.policy_post:history", "List the posted policies."),
    "diff": ("upheld.cli.policy_diff:diff", "Say who may be treated how by a new version."),
    "fmt": ("upheld.cli.policy_fmt:fmt", "Lay out the statements of a policy in one way."),
}
"""Each command's place and its line of help; loaded when called."""


@click.group(cls=LazyGroup, table=COMMANDS, short_help="Read, check, prove, compare and post the policy.")
def policy() -> None:
    """Read, check, prove, compare and post the policy."""
