"""From what lists say about a place (`California`, `CA`, `Germany`, `us-ca`) to the region tree; what is not recognised is unknown."""

from __future__ import annotations

from upheld.policy.terms import EEA_MORE, EU_MEMBERS, OTHER_COUNTRIES, REGION_PARENTS, US_STATES

_STATE_NAMES = (
    "alabama alaska arizona arkansas california colorado connecticut delaware district-of-columbia florida georgia hawaii idaho illinois "
    "indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada "
    "new-hampshire new-jersey new-mexico new-york north-carolina north-dakota ohio oklahoma oregon pennsylvania rhode-island "
    "south-carolina south-dakota tennessee texas utah vermont virginia washington west-virginia wisconsin wyoming"
).split()
_STATES = dict(zip(_STATE_NAMES, US_STATES, strict=True))
_COUNTRY_NAMES = {
    "united-states": "us", "united-states-of-america": "us", "usa": "us", "america": "us",
    "austria": "at", "österreich": "at", "belgium": "be", "bulgaria": "bg", "cyprus": "cy", "czechia": "cz", "czech-republic": "cz",
    "germany": "de", "deutschland": "de", "denmark": "dk", "estonia": "ee", "spain": "es", "españa": "es", "finland": "fi", "france": "fr",
    "greece": "gr", "croatia": "hr", "hungary": "hu", "ireland": "ie", "italy": "it", "italia": "it", "lithuania": "lt", "luxembourg": "lu",
    "latvia": "lv", "malta": "mt", "netherlands": "nl", "the-netherlands": "nl", "poland": "pl", "portugal": "pt", "romania": "ro",
    "sweden": "se", "slovenia": "si", "slovakia": "sk", "iceland": "is", "liechtenstein": "li", "norway": "no",
    "argentina": "ar", "australia": "au", "brazil": "br", "canada": "ca", "switzerland": "ch", "schweiz": "ch", "chile": "cl",
    "china": "cn", "colombia": "co", "united-kingdom": "gb", "great-britain": "gb",
    "england": "gb", "scotland": "gb", "uk": "gb", "hong-kong": "hk",
    "indonesia": "id", "israel": "il", "india": "in", "japan": "jp", "south-korea": "kr", "mexico": "mx", "malaysia": "my",
    "new-zealand": "nz", "philippines": "ph", "singapore": "sg", "thailand": "th", "turkey": "tr", "türkiye": "tr", "taiwan": "tw",
    "ukraine": "ua", "vietnam": "vn", "south-africa": "za",
}  # fmt: skip
_COUNTRIES = frozenset({"us", "eu", *EU_MEMBERS, *EEA_MORE, *OTHER_COUNTRIES})


def region_of(region: str | None = None, country: str | None = None, state: str | None = None) -> str | None:
    """The node of the region tree that a row's columns name, None if they name none.

    A column `region` names a node itself (`us-ca`, `eu`) or a country. A state narrows the United States, which is meant where no
    country is given; with a country that is not recognised nothing is known.
    """
    if (named := _slug(region)) and (named in REGION_PARENTS or named == "anywhere"):
        return None if named == "anywhere" else named
    if named and (at := _country(named)):
        return at
    at = _country(_slug(country))
    if at not in {None, "us"} or (at is None and _slug(country)):
        return at
    within = _slug(state)
    code = _STATES.get(within) or (within if within in US_STATES else within.removeprefix("us-"))
    return f"us-{code}" if code in US_STATES else at


def is_state(value: str) -> bool:
    """Whether it names a state of the United States."""
    return _slug(value).removeprefix("us-") in {*US_STATES, *_STATES}


def is_country(value: str) -> bool:
    """Whether it names a country that the region tree knows."""
    return _country(_slug(value)) is not None


def is_region(value: str) -> bool:
    """Whether it names a node of the region tree, or a country."""
    return _slug(value) in REGION_PARENTS or is_country(value)


def _country(slug: str) -> str | None:
    return slug if slug in _COUNTRIES else _COUNTRY_NAMES.get(slug)


def _slug(value: str | None) -> str:
    return "-".join((value or "").replace("_", " ").replace("-", " ").replace(".", "").casefold().split())
