-- The chunk of a list as the forms need it: whole columns taken apart by the same patterns that Python uses (docs/people.md).
-- $front, $back, $simple_name are bound; `upheld_list` is the view of the chunk with one text column a field.
CREATE OR REPLACE TEMP TABLE upheld_given AS
WITH raw AS (
    SELECT
        row,
        coalesce(first, '') AS first,
        coalesce(last, '') AS last,
        coalesce(name, '') AS name,
        coalesce(zip, '') AS zip,
        CASE WHEN length(address) > $longest THEN '' ELSE trim(coalesce(address, ''), ' ') END AS address
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
    SELECT *, regexp_extract(rest, $back, ['middle', 'unit']) AS b
    FROM numbered
)
SELECT
    row,
    CASE WHEN name <> '' AND regexp_full_match(name, $simple_name) THEN split_part(name, ' ', 1) ELSE first END AS first,
    CASE WHEN name <> '' AND regexp_full_match(name, $simple_name) THEN split_part(name, ' ', 2) ELSE last END AS last,
    CASE WHEN name <> '' AND regexp_full_match(name, $simple_name) THEN '' ELSE name END AS name,
    CASE WHEN regexp_full_match(zip, '[0-9]{5}(?:-[0-9]{4})?') THEN zip[1:5] ELSE zip END AS zip,
    number,
    (CASE WHEN number = '' THEN ' ' ELSE '#' END) || (CASE WHEN b.middle = '' THEN rest ELSE b.middle END) AS street,
    b.unit AS unit
FROM backed
