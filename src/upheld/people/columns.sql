-- The chunk of a list as the forms need it: whole columns taken apart by the same patterns that Python uses (docs/people.md).
-- A pattern that seldom fits is first only matched, and a text trimmed only where a blank stands: both are much cheaper.
-- $front, $back, $simple_name are bound; `upheld_list` is the view of the chunk with one text column a field.
CREATE OR REPLACE TEMP TABLE upheld_given AS
WITH raw AS (
    SELECT
        row,
        coalesce(first, '') AS first,
        coalesce(last, '') AS last,
        coalesce(name, '') AS name,
        coalesce(zip, '') AS zip,
        CASE
            WHEN address IS NULL OR length(address) > $longest THEN ''
            WHEN starts_with(address, ' ') OR ends_with(address, ' ') THEN trim(address, ' ')
            ELSE address
        END AS address
    FROM upheld_list
),
fronted AS (
    SELECT *, regexp_extract(address, $front, ['number', 'rest']) AS f
    FROM raw
),
numbered AS (
    SELECT *, f.number AS number, CASE WHEN f.number = '' THEN address ELSE f.rest END AS rest
    FROM fronted
),
backed AS (
    SELECT *, CASE WHEN regexp_full_match(rest, $back) THEN regexp_extract(rest, $back, ['middle', 'unit']) END AS b
    FROM numbered
)
SELECT
    row,
    CASE WHEN name <> '' AND regexp_full_match(name, $simple_name) THEN split_part(name, ' ', 1) ELSE first END AS first,
    CASE WHEN name <> '' AND regexp_full_match(name, $simple_name) THEN split_part(name, ' ', 2) ELSE last END AS last,
    CASE WHEN name <> '' AND regexp_full_match(name, $simple_name) THEN '' ELSE name END AS name,
    CASE WHEN regexp_full_match(zip, '[0-9]{5}(?:-[0-9]{4})?') THEN zip[1:5] ELSE zip END AS zip,
    number,
    (CASE WHEN number = '' THEN ' ' ELSE '#' END) || coalesce(b.middle, rest) AS street,
    coalesce(b.unit, '') AS unit
FROM backed
