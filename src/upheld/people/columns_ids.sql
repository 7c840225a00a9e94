-- The chunk as numbers: for each row, the place of each of its values in the dictionary of its field.
SELECT
    g.row AS row,
    f.id AS first,
    l.id AS last,
    n.id AS number,
    s.id AS street,
    u.id AS unit,
    z.id AS zip
FROM upheld_given AS g
JOIN upheld_dictionary AS f ON f.field = 'first' AND f.text = g.first
JOIN upheld_dictionary AS l ON l.field = 'last' AND l.text = g.last
JOIN upheld_dictionary AS n ON n.field = 'number' AND n.text = g.number
JOIN upheld_dictionary AS s ON s.field = 'street' AND s.text = g.street
JOIN upheld_dictionary AS u ON u.field = 'unit' AND u.text = g.unit
JOIN upheld_dictionary AS z ON z.field = 'zip' AND z.text = g.zip
