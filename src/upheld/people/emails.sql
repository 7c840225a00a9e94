-- One row for each row of the chunk that gives an e-mail address: the first 16 bytes of the part's SHA-256 as two numbers,
-- or, for an address that is not plain, the address as given, for Python to read.
WITH given AS (
    SELECT row, trim(email) AS given
    FROM upheld_list
    WHERE email IS NOT NULL
),
plain AS (
    SELECT row, given, lower(given) AS strict, strlen(given) <= 254 AND regexp_full_match(given, $plain) AS is_plain
    FROM given
    WHERE given <> ''
),
hashed AS (
    SELECT
        row, given, is_plain,
        CASE WHEN is_plain THEN sha256(
            $prefix || CASE
                WHEN ends_with(strict, '@' || $dotless[1]) OR ends_with(strict, '@' || $dotless[2])
                    THEN replace(split_part(split_part(strict, '@', 1), '+', 1), '.', '') || '@' || $dotless[1]
                WHEN contains(strict, '+') AND list_contains($plus, split_part(strict, '@', 2))
                    THEN split_part(strict, '+', 1) || '@' || split_part(strict, '@', 2)
                ELSE strict
            END
        ) END AS digest
    FROM plain
)
SELECT
    row,
    ('0x' || left(digest, 16))::UBIGINT AS high,
    ('0x' || substr(digest, 17, 16))::UBIGINT AS low,
    CASE WHEN is_plain THEN NULL ELSE given END AS other
FROM hashed
