"""A long list of generated people, as a Parquet file: names, streets, towns and e-mail addresses of realistic variety, nobody's own.

Names and streets are made of syllables and drawn unevenly, as real ones are: some 5,000 first names, 90,000 last names, 60,000 streets,
41,000 postal codes. E-mail addresses end in `.example`. Row i is always the same person, so any part of a list can be made again.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

SYLLABLES = (
    "an ba bel bri cal car da del do el en er fa fin ga gil ha hen i ja jo ka kel la len li lo ma mar mi mo na nel ni no o pa per qui ra "
    "ren ri ro sa sel si so ta tel ti to u va vel vi wa wen wi ya yel zo zu"
).split()
STREETS = ("Street", "Avenue", "Road", "Drive", "Lane", "Court", "Place", "Boulevard", "Way", "Terrace")
STATES = "AL AZ AR CA CO CT FL GA IL IN IA KS KY LA MD MA MI MN MO NE NV NJ NM NY NC OH OK OR PA SC TN TX UT VA WA WI".split()

_MACROS = (
    "CREATE OR REPLACE TEMP MACRO u(i, salt) AS (hash(i * 1000003 + salt) % 1000000007) / 1000000007.0",
    "CREATE OR REPLACE TEMP MACRO skewed(i, salt, n) AS CAST(floor(pow(u(i, salt), 2.5) * n) AS BIGINT)",
    "CREATE OR REPLACE TEMP MACRO word(n, salt) AS list_extract(syllables(), CAST(1 + hash(n * 31 + salt) % len(syllables()) AS BIGINT))",
    "CREATE OR REPLACE TEMP MACRO more(n, salt) AS concat(word(n, salt + 2), CASE WHEN n % 3 = 0 THEN word(n, salt + 3) ELSE '' END)",
    "CREATE OR REPLACE TEMP MACRO named(n, salt) AS concat(upper(word(n, salt)[1]), word(n, salt)[2:], word(n, salt + 1), more(n, salt))",
)

_PEOPLE = """
SELECT
    i AS id,
    lower(named(f, 1)) || '.' || lower(named(l, 11)) || (i % 1000000)::VARCHAR || '@mail' || (hash(i) % 40)::VARCHAR || '.example' AS email,
    named(f, 1) AS first,
    named(l, 11) AS last,
    (1 + hash(i + 7) % 9800)::VARCHAR || ' ' || named(s, 21) || ' ' || list_extract(streets(), 1 + s % 10)
        || CASE WHEN i % 7 = 0 THEN ' Apt ' || (1 + i % 90)::VARCHAR ELSE '' END AS address,
    named(z, 31) || 'ville' AS city,
    list_extract(states(), 1 + z % 36) AS state,
    lpad((500 + z * 2)::VARCHAR, 5, '0') || CASE WHEN i % 5 = 0 THEN '-' || lpad((hash(i + 9) % 10000)::VARCHAR, 4, '0') ELSE '' END AS zip,
    (hash(i + 3) % 40)::INTEGER AS purchases
FROM (
    SELECT i, skewed(i, 1, 5000) AS f, skewed(i, 2, 90000) AS l, skewed(i, 3, 60000) AS s, skewed(i, 4, 41000) AS z
    FROM range($range) AS rows(i)
)
"""


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB session that can make people."""
    connection = duckdb.connect()
    for name, words in (("syllables", SYLLABLES), ("streets", STREETS), ("states", STATES)):
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {name}() AS {list(words)!r}")
    for macro in _MACROS:
        connection.execute(macro)
    return connection


def write(path: Path, rows: int, begin: int = 0, step: int = 1) -> None:
    """Write the people `begin`, `begin + step` … as a Parquet file (or CSV, by the ending) of `rows` rows."""
    connection = connect()
    form = "csv, HEADER" if path.suffix == ".csv" else "parquet"
    query = _PEOPLE.replace("$range", f"{begin}, {begin + rows * step}, {step}")
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT {form})")
    connection.close()
