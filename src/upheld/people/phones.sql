-- As emails.sql, for telephone numbers: North American numbers are read here, all others by Python.
WITH given AS (
    SELECT row, trim(phone) AS given
    FROM upheld_list
    WHERE trim(coalesce(phone, '')) <> ''
),
digits AS (
    SELECT row, given, regexp_replace(given, $signs, '', 'g') AS digits
    FROM given
),
plain AS (
    SELECT
        row, given, digits,
        $plain_region AND length(given) <= $longest
        AND regexp_full_match(digits, $plain) AND NOT regexp_matches(given, '^\+ *[^1 ]') AS is_plain
    FROM digits
),
hashed AS (
    SELECT row, given, is_plain, CASE WHEN is_plain THEN sha256($prefix || '+1' || right(digits, 10)) END AS digest
    FROM plain
)
SELECT
    row,
    ('0x' || left(digest, 16))::UBIGINT AS high,
    ('0x' || substr(digest, 17, 16))::UBIGINT AS low,
    CASE WHEN is_plain THEN NULL ELSE given END AS other
FROM hashed
