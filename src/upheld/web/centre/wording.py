"""What topics and places of the policy are called for the reader: in their language where the catalogue has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext, gettext_lazy

from upheld.policy.compiled import Policy
from upheld.policy.explain import explain
from upheld.policy.statements import Topic
from upheld.policy.voice import Voice

PURPOSES: Final = {
    "marketing.email": gettext_lazy("Offers and news by e-mail"),
    "marketing.post": gettext_lazy("Offers by post"),
    "marketing.phone": gettext_lazy("Offers by phone"),
    "marketing.partner": gettext_lazy("Giving your name and address to other companies"),
    "recommendation": gettext_lazy("Suggestions that fit you"),
    "marketing": gettext_lazy("All advertising"),
}
NAMED: Final = gettext_lazy("“%(topic)s”")


@dataclass(frozen=True, slots=True)
class Worded:
    """One topic for a reader: its name in the policy, what it is called, what stopping it means (the policy's own language), its clause."""

    name: str
    label: str
    meaning: str
    clause: str


def topics(policy: Policy, names: tuple[str, ...] | None = None) -> list[Worded]:
    """The topics of a policy in its order; only these if `names` are given."""
    voice = Voice.of(policy.document.statements)
    return [
        Worded(each.name, _label(each), explain(each, voice), each.clause)
        for each in policy.document.statements
        if isinstance(each, Topic) and (names is None or each.name in names)
    ]


def some(policy: Policy, names: tuple[str, ...]) -> bool:
    """Whether these are only some of the topics: then nobody may be told that they are off every list."""
    return bool(set(policy.vocabulary.topics) - set(names))


def label(policy: Policy, name: str) -> str:
    """What one topic is called."""
    return next((each.label for each in topics(policy, (name,))), name)


def _label(topic: Topic) -> str:
    known = [str(PURPOSES[purpose]) for purpose in topic.purposes if purpose in PURPOSES]
    return ", ".join(known) if len(known) == len(topic.purposes) else gettext(str(NAMED)) % {"topic": topic.name}
