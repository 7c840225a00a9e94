-- One row for each row of the chunk that gives an e-mail address: the first 16 bytes of the part's SHA-256 as two numbers,
-- or, for an address that is not plain, the address as given, for Python to read.
WITH given AS (
    SELECT row, trim(email) AS given
    FROM upheld_list
    WHERE trim(coalesce(email, '')) <> ''
),
plain AS (
    SELECT row, given, lower(given) AS strict, length(given) <= 254 AND regexp_full_match(given, $plain) AS is_plain
    FROM given
),
parted AS (
    SELECT *, split_part(strict, '@', 1) AS local, split_part(strict, '@', 2) AS domain
    FROM plain
),
folded AS (
    SELECT
        row, given, is_plain, domain,
        CASE WHEN contains(local, '+') AND list_contains($plus, domain) THEN split_part(local, '+', 1) ELSE local END AS local
    FROM parted
),
hashed AS (
    SELECT
        row, given, is_plain,
        CASE WHEN is_plain THEN sha256(
            $prefix || CASE
                WHEN domain = $dotless[1] OR domain = $dotless[2] THEN replace(local, '.', '') || '@' || $dotless[1]
                ELSE local || '@' || domain
            END
        ) END AS digest
    FROM folded
)
SELECT
    row,
    ('0x' || digest[1:16])::UBIGINT AS high,
    ('0x' || digest[17:32])::UBIGINT AS low,
    CASE WHEN is_plain THEN NULL ELSE given END AS other
FROM hashed
