"""The numbers that the record gives to what it holds, as commands take them: larger ones than a database can hold are refused here."""

from __future__ import annotations

from typing import Final

import click

NUMBER: Final = click.IntRange(1, 2**63 - 1)
"""The number of a request, a record, a draft."""
ENTRY: Final = click.IntRange(0, 2**63 - 1)
"""The number of an entry of the ledger, which is counted from 0."""
