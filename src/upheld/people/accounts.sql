-- As emails.sql, for accounts: printable ASCII is read here, all others by Python.
WITH given AS (
    SELECT row, trim(account) AS given
    FROM upheld_list
    WHERE trim(coalesce(account, '')) <> ''
),
plain AS (
    SELECT row, given, regexp_full_match(given, '[!-~](?:[ -~]{0,510}[!-~])?') AS is_plain
    FROM given
),
hashed AS (
    SELECT row, given, is_plain, CASE WHEN is_plain THEN sha256($prefix || given) END AS digest
    FROM plain
)
SELECT
    row,
    ('0x' || left(digest, 16))::UBIGINT AS high,
    ('0x' || substr(digest, 17, 16))::UBIGINT AS low,
    CASE WHEN is_plain THEN NULL ELSE given END AS other
FROM hashed
