"""A web log as of a shop: days of visits with pages, assets, robots, campaigns and searches, made up from a seed, and quickly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

PAGES, AGENTS, REFERRERS = 33_000, 2_000, 20_000
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
AT_ONCE = 200_000
_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{a}.0.{b}.{c} Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS {d}_{e} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{d}.0 Mobile/{b} Safari/604.1",  # noqa: E501
    "Mozilla/5.0 (X11; Linux x86_64; rv:{a}.0) Gecko/20100101 Firefox/{a}.{e}",
    "Mozilla/5.0 (Linux; Android {e}; K{c}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{a}.0.{b}.{c} Mobile Safari/537.36",
)
_ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.{e}; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.{e})",
    "GPTBot/{a}.{e}",
)


def write(path: Path, lines: int, *, days: int, seed: int = 7) -> int:
    """Write so many lines, in order of time; the bytes written. A fifth of the lines are assets, an eighth of robots."""
    random = np.random.default_rng(seed)
    paths = _paths(random)
    agents, referrers = _agents(random), _referrers(random)
    size = 0
    with path.open("wb") as file:
        for begin in range(0, lines, AT_ONCE):
            count = min(AT_ONCE, lines - begin)
            seconds = np.sort(random.integers(0, 86_400 * days * count // lines + 1, count)) + 86_400 * days * begin // lines
            text = "".join(_lines(random, seconds, paths, agents, referrers)).encode()
            size += file.write(text)
    return size


def _zipf(random: np.random.Generator, count: int, of: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.minimum((of ** random.random(count) - 1).astype(np.int64), of - 1)


def _lines(
    random: np.random.Generator, seconds: Sequence[int], paths: Sequence[str], agents: Sequence[str], referrers: Sequence[str]
) -> list[str]:
    count = len(seconds)
    visitor = _zipf(random, count, 2_000_000)
    mixed = (visitor * 2654435761) % (1 << 32)
    page, referrer = _zipf(random, count, len(paths)), _zipf(random, count, len(referrers))
    agent = mixed % len(agents)
    status = random.choice(["200", "200", "200", "200", "200", "200", "304", "301", "404", "500"], count).tolist()
    size = random.integers(200, 90_000, count).tolist()
    stamps: dict[int, str] = {}
    made = []
    for at, who, what, whence, which, code, bytes_ in zip(
        np.asarray(seconds).tolist(), mixed.tolist(), page.tolist(), referrer.tolist(), agent.tolist(), status, size, strict=True
    ):
        stamp = stamps.get(at) or stamps.setdefault(at, (BEGIN + timedelta(seconds=at)).strftime("%d/%b/%Y:%H:%M:%S +0000"))
        address = f"{1 + (who >> 24) % 220}.{who >> 16 & 255}.{who >> 8 & 255}.{who & 255}"
        made.append(f'{address} - - [{stamp}] "GET {paths[what]} HTTP/1.1" {code} {bytes_} "{referrers[whence]}" "{agents[which]}"\n')
    return made


def _paths(random: np.random.Generator) -> list[str]:
    made = []
    for number in range(PAGES):
        if number % 5 == 4:
            made.append(f"/assets/{number % 700}/style-{number}.{('css', 'js', 'png')[number % 3]}")
        elif number % 11 == 0:
            made.append(
                f"/shop/item-{number}?utm_source=news&utm_medium=email&utm_campaign=c{number % 90}&gclid=x{random.integers(1 << 40)}"
            )
        elif number % 7 == 0:
            made.append(f"/search?q=word{number}&page={number % 9}")
        else:
            made.append(f"/shop/section-{number % 60}/item-{number}")
    return ["/", *made]


def _agents(random: np.random.Generator) -> list[str]:
    made = []
    for number in range(AGENTS):
        form = _ROBOTS[number % 3] if number % 8 == 0 else _BROWSERS[number % 4]
        a, b, c, d, e = (int(random.integers(low, high)) for low, high in ((90, 130), (1000, 9999), (10, 99), (14, 19), (1, 9)))
        made.append(form.format(a=a, b=b, c=c, d=d, e=e))
    return made


def _referrers(random: np.random.Generator) -> list[str]:
    known = [
        "https://www.google.com/",
        "https://www.bing.com/search?q=x",
        "https://chatgpt.com/",
        "https://www.facebook.com/",
        "https://t.co/abc",
    ]
    hosts = [f"https://site-{number}.example/page/{int(random.integers(1000))}" for number in range(REFERRERS)]
    return ["-", "https://shop.example/", *known, *hosts]
