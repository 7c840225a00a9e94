"""Addresses cut off before anything else: IPv4 to /24, IPv6 to /48. The rest is never seen again.

A prefix is one number: 0 is no address; IPv4 is `1 << 32 | first three bytes << 8`; IPv6 is `1 << 63 | first six bytes`.
An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is IPv4.
"""

from __future__ import annotations

import ipaddress

import numpy as np

from upheld.traffic.parsing.hashing import I64, U64

V4, V6 = 1 << 32, 1 << 63
_LONGEST_V4 = 15


def prefix(text: str) -> int:
    """The prefix of one address; 0 if it is none. Brackets and a port are allowed around it."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return 0
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return V6 | int(address) >> 80
        address = address.ipv4_mapped
    return V4 | int(address) & 0xFFFFFF00


def prefixes(buffer: bytes, at: I64, length: I64) -> U64:
    """The prefix of each address in a buffer."""
    letters = np.frombuffer(buffer, dtype=np.uint8)
    made = np.zeros(len(at), dtype=np.uint64)
    part = np.zeros(len(at), dtype=np.int64)
    digits, dots = np.zeros_like(part), np.zeros_like(part)
    total = np.zeros_like(part)
    plain = (length > 0) & (length <= _LONGEST_V4)
    longest = int(length[plain].max(initial=0))
    for place in range(longest):
        inside = place < length
        letter = letters[np.where(inside, at + place, 0)].astype(np.int64)
        digit, dot = inside & (letter >= 48) & (letter <= 57), inside & (letter == 46)
        plain &= ~inside | digit | (dot & (digits > 0))
        plain &= ~(digit & (digits > 0) & (part == 0))  # 01 is read in two ways by two programs: leave it to the slow one
        total = np.where(dot, total << 8 | part, total)
        part = np.where(digit, part * 10 + letter - 48, np.where(dot, 0, part))
        digits = np.where(digit, digits + 1, np.where(dot, 0, digits))
        dots += dot
        plain &= part < 256
    plain &= (dots == 3) & (digits > 0)
    made[plain] = (V4 | total[plain] << 8).astype(np.uint64)
    met: dict[bytes, int] = {}
    for row in np.flatnonzero(~plain).tolist():
        written = buffer[int(at[row]) : int(at[row]) + int(length[row])]
        if written not in met:
            met[written] = prefix(written.decode("ascii", "replace"))
        made[row] = met[written]
    return made


def network(text: str) -> tuple[int, int]:
    """The first and last prefix of a network or address as people write them. `ValueError` if it is none."""
    found = ipaddress.ip_network(text.strip(), strict=False)
    return prefix(str(found.network_address)), prefix(str(found.broadcast_address))
