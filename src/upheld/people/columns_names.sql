-- Whole names that Python has split take the place of first and last name.
CREATE OR REPLACE TEMP TABLE upheld_given AS
SELECT g.* REPLACE (coalesce(s.first, g.first) AS first, coalesce(s.last, g.last) AS last)
FROM upheld_given AS g
LEFT JOIN upheld_split AS s ON s.name = g.name
