"""What was seen, held to what is declared and promised. A pure function of both: the same look gives the same findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from upheld.traffic.panel.checking import Differs
from upheld.traffic.panel.tags import Tag, Tags
from upheld.traffic.scanning import known
from upheld.traffic.scanning.findings import Found
from upheld.traffic.scanning.looking import Route
from upheld.traffic.scanning.seen import PHASES, Look, Phase, Reached, Seen, host_of

EVIDENCE: Final = 4  # lines shown under a finding
FORBIDDEN: Final[dict[Phase, str]] = {
    "before choice": "fires-before-choice",
    "after refusal": "fires-after-refusal",
    "with the signal": "fires-despite-signal",
}
_WHEN: Final[dict[str, tuple[str, str]]] = {
    "fires-before-choice": ("before the visitor has chosen", "let the panel load it"),
    "fires-after-refusal": ("although the visitor refused", "let the panel load it, and take it out of the page"),
    "fires-despite-signal": ("although the browser says `Sec-GPC: 1`", "let the panel load it, which hears the signal"),
}


@dataclass(frozen=True, slots=True)
class Promised:
    """What the sites are held to. `asked`: visitors must be asked first. `linked`: hosts listed; None: no notice on leaving is promised."""

    tags: Tags
    differs: tuple[Differs, ...] = ()
    asked: bool = True
    linked: frozenset[str] | None = None
    clause: str | None = None


@dataclass(slots=True)
class _Group:
    """The sightings of one finding."""

    message: str
    hint: str
    seen: list[Seen] = field(default_factory=list)


def judge(look: Look, promised: Promised, route: Route) -> tuple[Found, ...]:
    """All findings: what differs from the policy first, then what runs, the panel, rights, pages and links."""
    return (
        *_differing(promised, route),
        *_running(look.seen, promised, route),
        *_idle(look, promised, route),
        *_panels(look, promised, route),
        *_rights(look, promised),
        *(
            Found("page-broken", f"`{page.address}` {_status(page.status)}", page.address, "mend it, or take it from the list")
            for page in look.pages
            if not 200 <= page.status < 400
        ),
        *_leading_out(look, promised),
    )


def tag_of(seen: Seen, tags: Tags) -> Tag | None:
    """The declared tag that a sighting belongs to: by its host, else by the name of the cookie or key."""
    by_host = tags.of_host(seen.host)
    return by_host or (None if seen.kind == "request" else tags.of_name(seen.name, cookie=seen.kind == "cookie"))


def known_of(seen: Seen) -> known.Known | None:
    """What the tables know of a sighting."""
    return known.host(seen.host) if seen.kind == "request" else known.cookie(seen.name) or known.host(seen.host)


def _differing(promised: Promised, route: Route) -> Iterator[Found]:
    for each in promised.differs:
        words = f"the tag `{each.tag}` differs from the policy: {each.message}"
        yield Found("tag-differs", words, route.addresses[0], each.hint, (each.place,))


def _running(seen: Iterable[Seen], promised: Promised, route: Route) -> Iterator[Found]:
    """One finding a rule and culprit, however often it was seen."""
    groups: dict[tuple[str, str], _Group] = {}
    for each in seen:
        judged = _judged(each, promised, route)
        if judged:
            rule, culprit, message, hint = judged
            groups.setdefault((rule, culprit), _Group(message, hint)).seen.append(each)
    for (rule, _), group in groups.items():
        phases = [phase for phase in PHASES if any(each.phase == phase for each in group.seen)]
        shown = f"{group.message} ({', '.join(phases)})" if rule.startswith("unnamed") else group.message
        yield Found(rule, shown, group.seen[0].page, group.hint, _evidence(group.seen))


def _judged(seen: Seen, promised: Promised, route: Route) -> tuple[str, str, str, str] | None:
    """The rule that a sighting breaks, whose it is, the words, and what to do; None if it breaks none."""
    tags, own = promised.tags, route.is_own(seen.host)
    tag = tag_of(seen, tags)  # a tag may be served under a host of ours: declared, it is a tag all the same
    if own and tag is None and (seen.kind == "request" or tags.is_own(seen.name, cookie=seen.kind == "cookie")):
        return None
    if tag is not None:
        rule = FORBIDDEN.get(seen.phase)
        if tag.asked == "never" or rule is None or (rule == "fires-before-choice" and not promised.asked):
            return None
        when, hint = _WHEN[rule]
        return rule, tag.name, f"the tag `{tag.name}` of {tag.company} runs {when}", hint
    return _unnamed(seen, own=own)


def _unnamed(seen: Seen, *, own: bool) -> tuple[str, str, str, str]:
    """What no declared tag names: known to follow visitors, kept in our own jar, or simply somebody else."""
    what = known_of(seen)
    kind = "cookie" if seen.kind == "cookie" else "key of storage"
    if what and what.follows:
        name = f"`{seen.name}` is a {kind} of {what}" if own else f"`{seen.host}` is {what}"
        return "unnamed-tracker", what.service, f"{name}; no declared tag names it", "declare it in `tags.toml`, or take it from the page"
    if own:
        return "unnamed-storage", seen.name, f"nothing declares the {kind} `{seen.name}`", "add it to `tags.toml`, or do without it"
    name = f"`{seen.host}` ({what})" if what else f"`{seen.host}`, of whom nothing is known,"
    hint = "declare it in `tags.toml`, or serve it yourself"
    return "unnamed-third-party", seen.host, f"{name} is sent visitors, and no declared tag names it", hint


def _evidence(seen: Sequence[Seen]) -> tuple[str, ...]:
    lines = dict.fromkeys(_line(each) for each in sorted(seen, key=lambda each: (each.kind != "request", PHASES.index(each.phase))))
    shown = list(lines)
    more = [f"and {len(shown) - EVIDENCE} more"] if len(shown) > EVIDENCE else []
    return (*shown[:EVIDENCE], *more)


def _line(seen: Seen) -> str:
    where = f" on {seen.page}" if seen.page else ""
    by = f", sent by {seen.sent_by}" if seen.sent_by and seen.sent_by != seen.page else ""
    if seen.kind == "request":
        return f"{seen.phase}: {seen.name}{where}{by}"
    lives = f" for {seen.days} days" if seen.days is not None else ""
    return f"{seen.phase}: {'cookie' if seen.kind == 'cookie' else 'storage'} `{seen.name}` of {seen.host}{lives}{where}"


def _idle(look: Look, promised: Promised, route: Route) -> Iterator[Found]:
    if not any(panel.phase == "after acceptance" and panel.pressed for panel in look.panels):
        return
    ran = {tag.name for each in look.seen if each.phase == "after acceptance" and (tag := tag_of(each, promised.tags))}
    broken = {each.tag for each in promised.differs}
    for tag in promised.tags.tags:
        if tag.name not in ran | broken:
            words = f"the tag `{tag.name}` of {tag.company} was not seen on the pages looked at"
            yield Found("idle-tag", words, route.addresses[0], "take it from `tags.toml` if it is no longer used", (tag.place,))


def _panels(look: Look, promised: Promised, route: Route) -> Iterator[Found]:
    page = look.pages[0].address if look.pages else route.addresses[0]
    broken = {each.tag for each in promised.differs}
    needed = promised.asked and any(tag.asked == "first" and tag.name not in broken for tag in promised.tags.tags)
    first = next((panel for panel in look.panels if panel.phase == "before choice"), None)
    if needed and first and not first.found:
        yield Found("panel-missing", "no choice panel can be used within 5 seconds", page, "put the panel's script into every page")
    one_sided = next((panel for panel in look.panels if panel.accept and not panel.refuse), None)
    if one_sided:
        yield Found("panel-one-sided", "the panel lets visitors accept in one step, but not refuse", page, "put `refuse` beside `accept`")
    for panel in look.panels:
        verb = "refusal" if panel.phase == "after refusal" else "acceptance"
        if panel.pressed and not panel.closed:
            yield Found("panel-stuck", f"the panel does not close after a {verb}", page, "mend its button")
        elif panel.pressed and panel.came_back:
            yield Found("panel-forgets", f"the panel asks again after a {verb}", page, "keep the choice for twelve months")
    signalled = next((panel for panel in look.panels if panel.phase == "with the signal"), None)
    if signalled and signalled.found:
        words = "the panel asks a visitor whose browser has already said no"
        yield Found("panel-despite-signal", words, page, "let it hear `navigator.globalPrivacyControl`")


def _rights(look: Look, promised: Promised) -> Iterator[Found]:
    for page in look.pages:
        if not 200 <= page.status < 400:
            continue
        here = [link for link in look.links_of_rights if link.page == page.address]
        missing = [address for address in promised.tags.rights if not any(_same(link.address, address) for link in here)]
        for address in missing:
            yield Found("rights-link-missing", f"`{page.address}` has no link to `{address}`", page.address, "put it into the page's foot")
        if not promised.tags.rights and not here:
            words = f"`{page.address}` has no link about privacy or choices"
            yield Found("rights-link-missing", words, page.address, "put one into the page's foot")
    for reached in look.rights:
        why = _unreached(reached, promised.tags)
        if why:
            words = f"the link `{reached.link.words or 'without words'}` {why}"
            yield Found("rights-link-broken", words, reached.link.page, "mend the link or its page", (f"leads to {reached.link.address}",))


def _unreached(reached: Reached, tags: Tags) -> str | None:
    """Why a link about rights does not reach its page; None if it does."""
    asked, ended = urlsplit(reached.link.address), urlsplit(reached.ended)
    if asked.scheme not in {"http", "https"}:
        return None  # a mail, a call, a script of the page
    if not 200 <= reached.status < 400:
        return _status(reached.status)
    if asked.path.strip("/") and not ended.path.strip("/"):
        return "leads back to the front page"
    if not reached.has_heading:
        return "leads to a page without a heading"
    if not reached.has_target:
        return f"leads to a place `#{asked.fragment}` that its page does not have"
    declared = any(_same(reached.link.address, each) for each in tags.rights)
    if not reached.has_button and (declared or "sell" in reached.link.words.lower() or "choices" in reached.link.words.lower()):
        return "leads to a page where nothing can be chosen"
    return None


def _leading_out(look: Look, promised: Promised) -> Iterator[Found]:
    """P13: sites of others are listed, with their policies, if a notice on leaving is promised."""
    if promised.linked is None:
        return
    pages: dict[str, list[str]] = {}
    for link in look.outbound:
        if not link.noticed and host_of(link.address) not in promised.linked:
            pages.setdefault(host_of(link.address), []).append(link.page)
    for host, on in pages.items():
        words = f"`{host}` is linked to and not listed (`{promised.clause}` promises a notice on leaving)"
        yield Found("unlisted-link", words, on[0], "`upheld traffic links` proposes its entry", tuple(dict.fromkeys(on))[:EVIDENCE])


def _same(one: str, other: str) -> bool:
    return [part.rstrip("/") for part in urlsplit(one)[:3]] == [part.rstrip("/") for part in urlsplit(other)[:3]]


def _status(status: int) -> str:
    return f"answers {status}" if status else "does not open"
