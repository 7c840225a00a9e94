"""Countries come from the merchant's own table: an mmdb written here bit by bit, as its specification says, read by the library."""

from __future__ import annotations

import ipaddress
import struct

import numpy as np
import pytest

from tests.traffic.logs import line
from upheld.traffic.configured import countries
from upheld.traffic.parsing.addresses import prefix
from upheld.traffic.reader import Site


def mmdb(networks, *, version=4):
    """A database of networks and countries, with records of 24 bits."""
    data, places = b"", {}
    for country in networks.values():
        places.setdefault(country, len(data))
        data += _packed({"country": {"iso_code": country}}) if places[country] == len(data) else b""
    nodes = [[None, None]]
    for network, country in networks.items():
        found = ipaddress.ip_network(network)
        bits, at = f"{int(found.network_address):0{found.max_prefixlen}b}"[: found.prefixlen], 0
        if version == 6 and found.version == 4:
            bits = "0" * 96 + bits
        for bit in map(int, bits[:-1]):
            if nodes[at][bit] is None:
                nodes.append([None, None])
                nodes[at][bit] = len(nodes) - 1
            at = nodes[at][bit]
        nodes[at][int(bits[-1])] = country
    tree = b"".join(_record(each, len(nodes), places) for node in nodes for each in node)
    short = {"record_size": 24, "ip_version": version, "binary_format_major_version": 2, "binary_format_minor_version": 0}
    said: dict = {"node_count": b"\xc4" + struct.pack(">I", len(nodes)), "build_epoch": b"\x08\x02" + struct.pack(">Q", 1)}
    said |= {name: b"\xa2" + struct.pack(">H", number) for name, number in short.items()}
    said |= {"database_type": "Test", "languages": [], "description": {}}
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + _packed(said)


def _record(value, nodes, places):
    number = nodes if value is None else value if isinstance(value, int) else nodes + 16 + places[value]
    return struct.pack(">I", number)[1:]


def _packed(value):
    if isinstance(value, str):
        return bytes([0x40 | len(value)]) + value.encode()
    if isinstance(value, bytes):
        return value
    if isinstance(value, list):
        return bytes([len(value), 4])
    return bytes([0xE0 | len(value)]) + b"".join(_packed(key) + _packed(each) for key, each in value.items())


@pytest.mark.parametrize("version", [4, 6])
def test_countries_are_read_from_an_mmdb_by_the_truncated_address(visits, tmp_path, version):
    table = tmp_path / "countries.mmdb"
    networks = {"192.0.2.0/24": "NZ", "198.51.100.0/24": "PT"} | ({"2001:db8:7::/48": "IS"} if version == 6 else {})
    table.write_bytes(mmdb(networks, version=version))
    addresses = ["192.0.2.9", "192.0.2.77", "198.51.100.1", "203.0.113.5", "2001:db8:7:1::5"]
    visits.read(*map(line, addresses), site=Site(country=countries(table)))
    found = {key[2]: value[0] for key, value in visits.totals().items() if key[1] == "country" and key[2] != -1 and key[3] == -1}
    assert found == {"NZ": 2, "PT": 1} | ({"IS": 1, "(unknown)": 1} if version == 6 else {"(unknown)": 2})


def test_a_table_of_one_kind_of_addresses_says_nothing_of_the_other(tmp_path):
    table = tmp_path / "countries.mmdb"
    table.write_bytes(mmdb({"192.0.2.0/24": "NZ"}))
    asked = np.array([prefix("2001:db8::1"), prefix("192.0.2.1")], dtype=np.uint64)
    assert list(countries(table)(asked)) == ["", "NZ"]
