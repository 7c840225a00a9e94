"""The words a policy may use: purposes, recipients, regions, items and topics, built in or declared. The vocabulary is closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from upheld.policy.statements import AnyStatement, Collect, Purpose, Topic

PURPOSES: dict[str, str] = {
    "ordering.fulfil": "taking an order, payment, delivery",
    "ordering.contact": "telling a customer about an order or registration",
    "marketing.email": "offers and news by e-mail",
    "marketing.post": "offers and news by postal mail",
    "marketing.partner": "offers of other companies",
    "measurement": "how the sites and the marketing programme perform",
    "recommendation": "suggesting products and services",
    "survey.analysis": "learning from survey answers",
    "service": "serving a specific customer through a company that works for us",
    "legal.demand": "answering a law, a government body or a court",
    "rights": "answering a person who exercises a right",
    "security": "guarding information and systems",
    "retention": "deleting what is no longer kept",
    "audit": "showing that the policy is kept",
}
"""The built-in purposes (leaves) in plain words. A dotted name is below its parent: `marketing` covers `marketing.email`."""

ALWAYS_TO_OURSELVES = frozenset({"rights", "security", "retention", "audit"})
"""Always allowed to ourselves, without a statement. A forbid may bite all of them but `rights`, which no policy can forbid."""

RECIPIENTS: dict[str, str] = {
    "ourselves": "the company itself",
    "affiliate": "a company of the same group",
    "subcontractor": "a company that works for us",
    "third party": "a company that works for itself",
    "authority": "a government body or court",
    "the person": "the person whom the information is about",
}

CHANNELS: dict[str, str] = {
    "web": "on our pages",
    "email": "by e-mail",
    "phone": "by telephone",
    "post": "by letter",
    "chat": "in a chat with our staff",
    "in person": "at one of our places",
    "signal": "by a signal that the browser sends, such as Global Privacy Control",
}
"""The ways in which a person may reach us."""

IDENTIFIERS: dict[str, str] = {
    "email": "an e-mail address",
    "phone": "a telephone number",
    "account": "a customer account",
    "name": "first and last name",
    "first name": "the first name",
    "last name": "the last name",
    "address": "the postal address, street and place",
    "zip": "the zip or postal code",
    "reply address": "an address that the answer goes to",
    "birth date": "the date of birth",
    "order number": "the number of an order",
}
"""What a person may be asked to give, so that we find them."""

RIGHTS: dict[str, str] = {
    "access": "see what is held",
    "correct": "have it corrected",
    "delete": "have it deleted",
    "know": "be told what is collected, from where and what for",
    "disclosures": "be told who received it",
    "ask": "ask about it",
    "object": "object to a use",
    "restrict": "have its use restricted",
    "port": "receive it in a form that another company can read",
    "limit": "limit the use of sensitive information",
    "review": "have a person look at a decision made by a machine",
    "appeal": "have a refusal looked at again",
}
"""What a person may ask for, beside being taken off lists."""

LAWS: dict[str, str] = {
    "us-federal": "federal law of the United States (CAN-SPAM, COPPA, TCPA)",
    "us-ca": "California (CCPA, Shine the Light, CalOPPA)",
    "us-states": "privacy laws of other American states",
    "eu-gdpr": "the GDPR and the ePrivacy rules of the European Union",
    "uk-gdpr": "data protection in the United Kingdom (UK GDPR, PECR)",
    "canada": "Canada (CASL, PIPEDA)",
}
"""The law packs that a document's front matter may choose."""

US_STATES = (
    "al ak az ar ca co ct de dc fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx "
    "ut vt va wa wv wi wy"
).split()
EU_MEMBERS = "at be bg cy cz de dk ee es fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk".split()
EEA_MORE = "is li no".split()  # the GDPR applies there too (EEA agreement), so a policy's `eu` covers them
OTHER_COUNTRIES = "ar au br ca ch cl cn co gb hk id il in jp kr mx my nz ph sg th tr tw ua vn za".split()
REGION_PARENTS: dict[str, str] = {
    "us": "anywhere",
    **{f"us-{state}": "us" for state in US_STATES},
    "eu": "anywhere",
    **dict.fromkeys(EU_MEMBERS + EEA_MORE, "eu"),
    **dict.fromkeys(OTHER_COUNTRIES, "anywhere"),
    "elsewhere": "anywhere",  # known to be none of the others
}
"""The region tree: each region's parent. `anywhere` is the root and the place of a person whose region is unknown."""


def within(region: str | None, outer: str) -> bool | None:
    """Whether a person of `region` is in `outer`: True, False, or None if it cannot be told (`us` may be in `us-ca`)."""
    at = region or "anywhere"
    if outer in (at, "anywhere"):
        return True
    up: str | None = at
    while (up := REGION_PARENTS.get(up or "")) is not None:
        if up == outer:
            return True
    down: str | None = outer
    while (down := REGION_PARENTS.get(down or "")) is not None:
        if down == at:
            return None
    return False


@dataclass(frozen=True)
class Vocabulary:
    """All words that one policy may use.

    `purposes` and `items` hold leaves only, in document order. An expansion of a name yields leaves; an unknown name yields nothing.
    """

    purposes: tuple[str, ...]
    items: tuple[str, ...]  # `source.kind`
    topics: tuple[str, ...]
    recipients: tuple[str, ...] = tuple(RECIPIENTS)

    @classmethod
    def of(cls, statements: Iterable[AnyStatement]) -> Vocabulary:
        """The vocabulary that a document's statements declare, on top of the built-in words."""
        purposes, items, topics = dict.fromkeys(PURPOSES), dict[str, None](), dict[str, None]()
        for statement in statements:
            match statement:
                case Purpose(name=name):
                    purposes[name] = None
                case Topic(name=name):
                    topics[name] = None
                case Collect(source=source, kinds=kinds):
                    items.update(dict.fromkeys(f"{source}.{kind}" for kind in kinds))
        return cls(tuple(purposes), tuple(items), tuple(topics))

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The sources of information, in document order."""
        return tuple(dict.fromkeys(item.partition(".")[0] for item in self.items))

    @cached_property
    def _purpose_tree(self) -> dict[str, tuple[str, ...]]:
        return _tree(self.purposes)

    @cached_property
    def _item_tree(self) -> dict[str, tuple[str, ...]]:
        return _tree(self.items)

    @property
    def purpose_names(self) -> Iterable[str]:
        """Every purpose that a statement may name, branches included."""
        return self._purpose_tree.keys()

    @property
    def item_names(self) -> Iterable[str]:
        """Every item and source that a statement may name."""
        return self._item_tree.keys()

    def expand_purpose(self, name: str) -> tuple[str, ...]:
        """The leaves that a purpose name covers; `any` covers all."""
        return self.purposes if name == "any" else self._purpose_tree.get(name, ())

    def expand_item(self, name: str) -> tuple[str, ...]:
        """The items that an item or source name covers; `any` covers all."""
        return self.items if name == "any" else self._item_tree.get(name, ())

    def expand_purposes(self, names: Sequence[str], but: Sequence[str] = ()) -> frozenset[str]:
        """The leaves that several purpose names cover, less those of `but`."""
        return _set(self.expand_purpose, names) - _set(self.expand_purpose, but)

    def expand_items(self, names: Sequence[str], but: Sequence[str] = ()) -> frozenset[str]:
        """The items that several names cover, less those of `but`."""
        return _set(self.expand_item, names) - _set(self.expand_item, but)


def _tree(leaves: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Every name, leaf or branch, with the leaves that it covers."""
    below = dict[str, list[str]]()
    for leaf in leaves:
        below.setdefault(leaf, []).append(leaf)
        branch = leaf
        while branch := branch.rpartition(".")[0]:
            below.setdefault(branch, []).append(leaf)
    return {name: tuple(dict.fromkeys(covered)) for name, covered in below.items()}


def _set(expand: object, names: Sequence[str]) -> frozenset[str]:
    assert callable(expand)
    return frozenset(leaf for name in names for leaf in expand(name))
