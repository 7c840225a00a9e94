"""The normal form `norm/v1` of e-mail addresses, telephone numbers, postal codes and account names.

Two values that a careful clerk would call the same have one normal form. A normal form is for matching only: what a person gave is kept
as given, sealed. Nothing here may change without a new version name, because stored match codes are made of these forms.
Every function answers the empty string for what it cannot read; none raises.
"""

from __future__ import annotations

import re
import unicodedata

import idna
import phonenumbers

NORM = "norm/v1"
"""The version; it is part of what every match code is made of."""

LONGEST = 512
"""Characters of a value that are read; a longer one is no name, address or number, and is unreadable."""

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "ng", "ĸ": "k", "ſ": "s"}
)
_MARK = re.compile("[\u0300-\u036f]")  # accents of Latin, Greek and Cyrillic; other scripts keep theirs
_APOSTROPHES = re.compile("['\u2018\u2019\u201b\u02bb\u02bc\u02b9\u0060\u00b4\uff07]")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d\u00ad]")


def fold(text: str) -> str:
    """Case, accents, widths and invisible signs taken away; white space runs are one space. Folding twice is folding once."""
    if len(text) > LONGEST:
        return ""
    if text.isascii():
        return " ".join(_printable(text.lower()).split())
    for _ in range(4):  # a few letters need a second round to settle
        before, text = text, _fold_once(text)
        if text == before:
            break
    return text


def _fold_once(text: str) -> str:
    text = _MARK.sub("", unicodedata.normalize("NFKD", _DASHES.sub("-", _APOSTROPHES.sub("'", text)).casefold()))
    text = unicodedata.normalize("NFKC", text.translate(_LETTERS)).casefold()
    text = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
    return " ".join(_printable(text).split())


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    kept = (("" if unicodedata.category(sign) == "Cf" else " ") if not sign.isprintable() else sign for sign in text)
    return "".join(kept)


# --- e-mail ---------------------------------------------------------------------------------------------------------------------------

EMAIL_PLAIN = r"[A-Za-z0-9_][A-Za-z0-9!#$%&*/=?^_{|}~.+-]{0,63}@[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]*[A-Za-z0-9])+"
"""E-mail addresses whose strict form is their lower case: the vectorised form does these in SQL and leaves the rest to `email_strict`.
It reads alike in Python's `re` and in RE2; match it whole."""

DOTLESS = ("gmail.com", "googlemail.com")
"""Domains that ignore dots in the local part; both are one."""

PLUS = (
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com", "mac.com", "fastmail.com",
    "fastmail.fm", "protonmail.com", "proton.me", "pm.me", "zoho.com", "hey.com", "tutanota.com", "mailbox.org", "posteo.de",
)  # fmt: skip
"""Domains that deliver `local+anything` to `local`."""

_PLAIN = re.compile(EMAIL_PLAIN)
_LOCAL = re.compile(r"[^\s@<>(),:;\[\]\\\"]{1,64}")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


def email_strict(text: str) -> str:
    """The address as it is written to: lower case, domain in IDNA form. What a person would call the same spelling."""
    text = text.strip()
    if len(text) > LONGEST:
        return ""
    if len(text) <= 254 and _PLAIN.fullmatch(text):  # RFC 5321
        return text.lower()
    text = "".join(sign for sign in unicodedata.normalize("NFC", text) if unicodedata.category(sign) != "Cf").strip()
    local, at, domain = text.removeprefix("mailto:").rpartition("@")
    local = unicodedata.normalize("NFC", local.casefold())
    domain = _domain(domain)
    if not at or not domain or not _LOCAL.fullmatch(local) or len(local) + len(domain) >= 254:
        return ""
    return f"{local}@{domain}"


def _domain(text: str) -> str:
    text = text.rstrip(".").lower()
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True, transitional=False).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError, IndexError):
            return ""
    labels = text.split(".")
    return text if len(labels) > 1 and all(map(_LABEL.fullmatch, labels)) else ""


def email(text: str) -> str:
    """The folded key of an address: its strict form, without the dots and plus tags that its provider ignores."""
    strict = email_strict(text)
    if not strict:
        return ""
    local, _, domain = strict.rpartition("@")
    folded = local
    if domain in PLUS:
        folded = folded.partition("+")[0]
    if domain in DOTLESS:
        folded, domain = folded.replace(".", ""), DOTLESS[0]
    return f"{folded}@{domain}" if folded else strict


# --- telephone ------------------------------------------------------------------------------------------------------------------------

PHONE_SIGNS = r"[ ().+-]"
"""What is written between the digits of a number that the vectorised form reads itself."""

PHONE_PLAIN = r"1?[2-9][0-9]{2}[2-9][0-9]{6}"
"""Digits that are a North American number, whatever was written between them."""

_SIGNS = re.compile(PHONE_SIGNS)
_NANP = re.compile(PHONE_PLAIN)
_PLUS_OTHER = re.compile(r" *\+ *[^1 ]")


def phone(text: str, region: str = "US") -> str:
    """The number in E.164 form, its extension dropped. A number without country code is one of `region` (two letters)."""
    text = text.strip()
    if len(text) > LONGEST:
        return ""
    digits = _SIGNS.sub("", text)
    if region in {"US", "CA"} and _NANP.fullmatch(digits) and not _PLUS_OTHER.match(text):
        return "+1" + digits[-10:]
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    number.extension = None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


# --- postal code and account ----------------------------------------------------------------------------------------------------------

_ZIP4 = re.compile(r"([0-9]{3,5})[- ][0-9]{4}")
_SPREADSHEET = re.compile(r"([0-9]{3,5})\.0")


def zip_code(text: str) -> str:
    """The postal code: ZIP+4 is cut to five digits, zeros that a spreadsheet ate come back, other countries' codes are kept whole."""
    text = fold(text)
    if found := _ZIP4.fullmatch(text) or _SPREADSHEET.fullmatch(text):
        return found[1].zfill(5)
    text = "".join(sign for sign in text if sign.isalnum())
    if text.isascii() and text.isdigit():
        return text[:5] if len(text) == 9 else text.zfill(5)
    return text


def account(text: str) -> str:
    """The account name as the merchant writes it: case counts, white space around it does not."""
    text = text.strip()
    if len(text) > LONGEST:
        return ""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip()).strip()
