-- One row for each row of the chunk that gives an e-mail address: the first 16 bytes of the part's SHA-256 as two numbers,
-- or, for an address that is not plain, the address as given, for Python to read (the empty text: only blanks were given).
-- Most addresses are plain as they stand: only the others are trimmed. A filter on what was computed here would compute it twice.
WITH given AS (
    SELECT row, email, strlen(email) <= 254 AND regexp_full_match(email, $plain) AS is_tight
    FROM upheld_list
    WHERE email <> ''
),
trimmed AS (
    SELECT row, is_tight, CASE WHEN is_tight THEN email ELSE trim(email) END AS given
    FROM given
),
plain AS (
    SELECT
        row, given, lower(given) AS strict,
        CASE WHEN is_tight THEN TRUE ELSE strlen(given) <= 254 AND regexp_full_match(given, $plain) END AS is_plain
    FROM trimmed
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
