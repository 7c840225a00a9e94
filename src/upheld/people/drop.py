"""California's Delete Request and Opt-out Platform (DROP): its hashes, its lists in, its answers out. An adapter, off by default.

The rules are those of the technical documentation v1.2.0 (2 July 2026, privacy.ca.gov/drop-for-data-brokers). They are exact: a person is
found only if every part of an identifier is written alike, so no nickname, no folded mailbox and nothing of `norm/v1` may come in here.
DROP binds data brokers; a merchant who is none leaves `[drop] enabled` of `upheld.toml` at `"no"`.

A hash is SHA-256 over UTF-8 in Base64: 44 signs, without key or salt, because the law asks for it. It protects nobody; treat it as clear.
The documentation names no table for Greek and Cyrillic: Greek is read letter by letter (ISO 843), Cyrillic as BGN/PCGN does.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Final, Literal

from upheld.errors import Invalid

RULES: Final = "norm/drop-1.2"
"""The version of the rules; whoever keeps hashes keeps this beside them."""

ListName = Literal["Email", "Phone", "MAID", "CTVID", "NDZ", "NameVIN"]
LISTS: Final[tuple[ListName, ...]] = ("Email", "Phone", "MAID", "CTVID", "NDZ", "NameVIN")
MOST_COMBINATIONS: Final = 12_000
"""Of the values held of one person, for one list; more is no person but a collection of them."""

EXEMPTED, DELETED, OPTED_OUT, NOT_FOUND = 2, 3, 4, 5

_GREEK = dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(), strict=True))
_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўђјљњћџѓќѕ",
        "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya i yi ye g u dj j lj nj c dz g k dz".split(),
        strict=True,
    )
)
_LATIN = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k", "ß": "ss",
    "ĳ": "ij", "ſ": "s",
}  # fmt: skip
_READ = str.maketrans({**_GREEK, **{sign: "" if text == "_" else text for sign, text in _CYRILLIC.items()}, **_LATIN})
_KEPT_WHOLE = frozenset("ёйїўѓќ")  # letters of their own, not accented ones
_ZIP4 = re.compile(r"\s*([0-9A-Za-z ]+?)-[0-9]{4}\s*")


def email(text: str) -> str:
    """All white space away, lower case; dots, plus signs and everything else stay."""
    return "".join(text.split()).lower()


def phone(text: str) -> str:
    """Digits only, the last ten (all, if fewer)."""
    return "".join(sign for sign in text if sign in "0123456789")[-10:]


def zip_code(text: str) -> str:
    """Letters and digits, the +4 dropped, lower case, leading zeros stripped, the first five left: `00712345` is `71234`."""
    if found := _ZIP4.fullmatch(text):
        text = found[1]
    return "".join(sign for sign in text.lower() if sign.isascii() and sign.isalnum()).lstrip("0")[:5]


def name(text: str) -> str:
    """Greek and Cyrillic in Latin letters, accents folded, letters and digits only; other scripts stay as they are."""
    read = "".join(_letter(sign) for sign in unicodedata.normalize("NFKC", text).lower()).translate(_READ)
    return unicodedata.normalize("NFC", "".join(sign for sign in read if sign.isalnum() or unicodedata.category(sign)[0] == "M"))


def _letter(sign: str) -> str:
    """The letter without its accents, where its script has accents."""
    if sign in _KEPT_WHOLE:
        return sign
    plain = unicodedata.normalize("NFKD", sign)
    if unicodedata.combining(sign) and unicodedata.name(sign, "").startswith("COMBINING"):
        return ""
    return plain[0] if len(plain) > 1 and all(unicodedata.combining(mark) for mark in plain[1:]) and plain[0] < "\u0530" else plain


def born(day: date) -> str:
    """YYYYMMDD."""
    return f"{day.year:04}{day.month:02}{day.day:02}"


def device(text: str) -> str:
    """An advertising identifier: 32 hexadecimal digits; empty for anything else."""
    form = _alphanumeric(text)
    return form if len(form) == 32 and not set(form) - set("0123456789abcdef") else ""


def television(text: str) -> str:
    """The identifier of a connected television: 8 to 32 letters and digits; empty for anything else."""
    form = _alphanumeric(text)
    return form if 8 <= len(form) <= 32 else ""


def vehicle(text: str) -> str:
    """A vehicle's number: 17 letters and digits; empty for anything else."""
    form = _alphanumeric(text)
    return form if len(form) == 17 else ""


def _alphanumeric(text: str) -> str:
    return "".join(sign for sign in text.lower() if sign.isascii() and sign.isalnum())


def hashed(form: str) -> str:
    """The hash of one standard form."""
    return base64.b64encode(hashlib.sha256(form.encode("utf-8", "surrogatepass")).digest()).decode()


def composite(*forms: str) -> str:
    """The hash of the hashes, in this order: first, last, birth date, zip (NDZ), or first, last, vehicle (NameVIN)."""
    return hashed("".join(map(hashed, forms)))


@dataclass(frozen=True, slots=True)
class Known:
    """All that is held of one person, as written; every combination of it is hashed."""

    emails: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    devices: tuple[str, ...] = field(default=(), repr=False)
    televisions: tuple[str, ...] = field(default=(), repr=False)
    firsts: tuple[str, ...] = field(default=(), repr=False)
    lasts: tuple[str, ...] = field(default=(), repr=False)
    births: tuple[date, ...] = field(default=(), repr=False)
    zips: tuple[str, ...] = field(default=(), repr=False)
    vehicles: tuple[str, ...] = field(default=(), repr=False)

    def hashes(self, of: ListName) -> frozenset[str]:
        """The hashes by which a list of this name may mean the person. `Invalid` for more than 12,000 combinations."""
        firsts, lasts = _forms(name, self.firsts), _forms(name, self.lasts)
        parts: dict[ListName, tuple[frozenset[str], ...]] = {
            "Email": (_forms(email, self.emails),),
            "Phone": (_forms(phone, self.phones),),
            "MAID": (_forms(device, self.devices),),
            "CTVID": (_forms(television, self.televisions),),
            "NDZ": (firsts, lasts, frozenset(map(born, self.births)), _forms(zip_code, self.zips)),
            "NameVIN": (firsts, lasts, _forms(vehicle, self.vehicles)),
        }
        wanted, count = parts[of], 1
        for forms in wanted:
            count *= len(forms)
        if count > MOST_COMBINATIONS:
            raise Invalid(f"one record holds {count} combinations for `{of}`, more than {MOST_COMBINATIONS}: it cannot be one person's")
        if len(wanted) == 1:
            return frozenset(map(hashed, wanted[0]))
        each = [sorted(hashed(form) for form in forms) for forms in wanted]
        return frozenset(hashed("".join(combination)) for combination in product(*each))


def _forms(form: Callable[[str], str], values: Iterable[str]) -> frozenset[str]:
    return frozenset(found for value in values if (found := form(value)))
