-- Put the chunk's new distinct values into the dictionary; the numbers of each field go on from its last one.
INSERT INTO upheld_dictionary
WITH fresh AS (
    SELECT 'first' AS field, first AS text FROM upheld_given GROUP BY first
    UNION ALL SELECT 'last', last FROM upheld_given GROUP BY last
    UNION ALL SELECT 'number', number FROM upheld_given GROUP BY number
    UNION ALL SELECT 'street', street FROM upheld_given GROUP BY street
    UNION ALL SELECT 'unit', unit FROM upheld_given GROUP BY unit
    UNION ALL SELECT 'zip', zip FROM upheld_given GROUP BY zip
),
known AS (
    SELECT field, max(id) AS last_id
    FROM upheld_dictionary
    GROUP BY field
)
SELECT fresh.field, known.last_id + row_number() OVER (PARTITION BY fresh.field) AS id, fresh.text
FROM fresh
JOIN known ON known.field = fresh.field
ANTI JOIN upheld_dictionary AS d ON d.field = fresh.field AND d.text = fresh.text
