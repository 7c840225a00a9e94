"""What a clock on the wall says where a person lives: by region, the time zone that is furthest behind there."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

_ZONES: Final = {
    "Pacific/Honolulu": "us-hi",
    "America/Adak": "us-ak",
    "America/Los_Angeles": "us-ca us-id us-nv us-or us-wa",
    "America/Phoenix": "us-az",
    "America/Denver": "us-co us-ks us-mt us-nd us-ne us-nm us-sd us-tx us-ut us-wy",
    "America/Chicago": "us-al us-ar us-fl us-ia us-il us-in us-ky us-la us-mi us-mn us-mo us-ms us-ok us-tn us-wi",
    "America/New_York": "us-ct us-dc us-de us-ga us-ma us-md us-me us-nc us-nh us-nj us-ny us-oh us-pa us-ri us-sc us-va us-vt us-wv",
    "America/Puerto_Rico": "us-pr us-vi",
    "Pacific/Guam": "us-gu us-mp",
    "Pacific/Pago_Pago": "us-as",
    "America/Vancouver": "ca",
    "Atlantic/Azores": "pt",
    "Atlantic/Canary": "es",
    "Europe/London": "gb uk",
    "Europe/Dublin": "ie",
    "Atlantic/Reykjavik": "is",
    "Europe/Berlin": "at be ch cz de dk fr hr hu it li lu mt nl no pl se si sk",
    "Europe/Athens": "bg cy ee fi gr lt lv ro",
}
_BY_REGION: Final = {region: zone for zone, regions in _ZONES.items() for region in regions.split()}


def zone_of(region: str | None) -> ZoneInfo | None:
    """The zone of a region, of several the one furthest behind: what is received there is received on the earlier day. None if unknown."""
    code = region or ""
    name = _BY_REGION.get(code) or _BY_REGION.get(code.partition("-")[0])
    return ZoneInfo(name) if name else None
