-- The levels of people/comparing.py over whole columns, numbered as there. tests/people/test_comparing.py holds the two equal.

CREATE OR REPLACE TEMP MACRO upheld_ascii(a, b) AS strlen(a) = length(a) AND strlen(b) = length(b);

CREATE OR REPLACE TEMP MACRO upheld_slips(a, b, most) AS
    abs(length(a) - length(b)) <= most AND upheld_ascii(a, b) AND damerau_levenshtein(a, b) <= most;

CREATE OR REPLACE TEMP MACRO upheld_near(a, b) AS
    least(length(a), length(b)) >= 3 AND upheld_slips(a, b, CASE WHEN least(length(a), length(b)) >= 7 THEN 2 ELSE 1 END);

CREATE OR REPLACE TEMP MACRO upheld_any_near(a, b) AS
    coalesce(list_bool_or(list_transform(a, lambda n: coalesce(list_bool_or(list_transform(b, lambda m: upheld_near(n, m))), false))), false);

CREATE OR REPLACE TEMP MACRO upheld_stands_for(a, family) AS CASE
    WHEN least(length(family.whole), length(a.main)) = 1 THEN family.whole[:1] = a.initial
    ELSE upheld_any_near([a.main], family.parts) OR list_has_any(a.written, family.parts) END;

CREATE OR REPLACE TEMP MACRO upheld_swapped(a, b, family, other) AS
    (list_contains(other.parts, a.main) OR list_contains(family.parts, b.main))
    AND (list_contains(other.parts, a.main) OR upheld_stands_for(a, other))
    AND (list_contains(family.parts, b.main) OR upheld_stands_for(b, family));

CREATE OR REPLACE TEMP MACRO upheld_shortens(a, b) AS
    (a.meant <> '' AND a.meant = b.main)
    OR (a.short <> '' AND length(b.main) > length(a.short)
        AND (starts_with(b.main, a.short) OR (NOT a.known AND length(a.main) > 3 AND ends_with(b.main, a.main))));

CREATE OR REPLACE TEMP MACRO upheld_variant(a, b) AS
    least(length(a), length(b)) > 5 AND a[1] = b[1] AND a[-1] = b[-1] AND upheld_near(a, b);

CREATE OR REPLACE TEMP MACRO upheld_any_variant(names, b) AS
    coalesce(list_bool_or(list_transform(names, lambda n: upheld_variant(n, b))), false);

CREATE OR REPLACE TEMP MACRO upheld_initials(a) AS list_transform(a.names, lambda n: n[1]);

CREATE OR REPLACE TEMP MACRO upheld_two_names(a, b) AS
    a.own AND b.own AND a.spelt <> b.spelt AND NOT starts_with(a.main, b.main) AND NOT starts_with(b.main, a.main)
    AND NOT ends_with(a.main, b.main) AND NOT ends_with(b.main, a.main)
    AND (a.sound = b.sound OR contains(a.main, b.main) OR contains(b.main, a.main) OR upheld_near(a.main, b.main));

CREATE OR REPLACE TEMP MACRO upheld_first(a, family, b, other) AS CASE
    WHEN len(a.names) = 0 OR len(b.names) = 0 THEN 0
    WHEN length(a.main) > 1 AND length(b.main) > 1 AND a.main = b.main THEN 7
    WHEN length(a.main) > 1 AND length(b.main) > 1 AND list_has_any(a.names, b.names)
    THEN CASE WHEN upheld_two_names(a, b) THEN 2 ELSE 6 END
    WHEN length(a.main) > 1 AND length(b.main) > 1 AND (upheld_shortens(a, b) OR upheld_shortens(b, a)) THEN 6
    WHEN upheld_swapped(a, b, family, other) THEN 5
    WHEN length(a.main) < 2 OR length(b.main) < 2 THEN CASE WHEN list_has_any(upheld_initials(a), upheld_initials(b)) THEN 3 ELSE 1 END
    WHEN a.spelt = b.spelt OR upheld_any_variant(a.names, b.main) OR upheld_any_variant(b.names, a.main) THEN 4
    WHEN a.known AND b.known THEN CASE
        WHEN upheld_near(a.main, b.main) OR (a.sound = b.sound AND length(a.sound) >= 3) THEN 2
        ELSE 1 END
    WHEN a.sound = b.sound AND a.initial = b.initial AND length(a.sound) BETWEEN 1 AND 2 AND NOT upheld_near(a.main, b.main) THEN 2
    WHEN upheld_near(a.main, b.main) OR (a.sound = b.sound AND length(a.sound) >= 3)
        OR upheld_any_near(a.names, [b.main]) OR upheld_any_near([a.main], b.names) THEN 4
    ELSE 1 END;

CREATE OR REPLACE TEMP MACRO upheld_last(a, family, b, other) AS CASE
    WHEN family.whole = '' OR other.whole = '' THEN 0
    WHEN family.whole = other.whole THEN 5
    WHEN list_has_any(family.parts, other.parts) THEN 4
    WHEN upheld_swapped(a, b, family, other) THEN 3
    WHEN (family.sound = other.sound AND length(family.sound) >= 3) OR upheld_any_near(family.parts, other.parts) THEN 2
    ELSE 1 END;

CREATE OR REPLACE TEMP MACRO upheld_suffix(a, b) AS CASE
    WHEN a = 0 AND b = 0 THEN 0 WHEN a = 0 OR b = 0 THEN 2 WHEN a = b THEN 3 ELSE 1 END;

CREATE OR REPLACE TEMP MACRO upheld_unit(a, b) AS CASE
    WHEN a = '' AND b = '' THEN 0 WHEN a = '' OR b = '' THEN 2 WHEN a = b THEN 3 ELSE 1 END;

CREATE OR REPLACE TEMP MACRO upheld_house(a, b) AS CASE
    WHEN a = '' OR b = '' THEN 0
    WHEN a = b THEN 3
    WHEN greatest(length(a), length(b)) > 1 AND upheld_slips(a, b, 1) THEN 2
    ELSE 1 END;

CREATE OR REPLACE TEMP MACRO upheld_street(a, b) AS CASE
    WHEN a = '' OR b = '' THEN 0
    WHEN a = b THEN 3
    WHEN (least(length(a), length(b)) >= 4 AND (starts_with(a, b) OR starts_with(b, a))) OR upheld_near(a, b) THEN 2
    ELSE 1 END;

CREATE OR REPLACE TEMP MACRO upheld_zip(a, b) AS CASE
    WHEN a = '' OR b = '' THEN 0
    WHEN a = b THEN 4
    WHEN upheld_slips(a, b, 1) THEN 3
    WHEN a[:3] = b[:3] THEN 2
    ELSE 1 END;

CREATE OR REPLACE TEMP MACRO upheld_local(mail) AS regexp_replace(mail, '@[^@]*$', '');

CREATE OR REPLACE TEMP MACRO upheld_domain(mail) AS regexp_extract(mail, '@([^@]*)$', 1);

CREATE OR REPLACE TEMP MACRO upheld_near_mail(a, b) AS CASE
    WHEN upheld_domain(a) = upheld_domain(b)
    THEN least(length(upheld_local(a)), length(upheld_local(b))) >= 5 AND upheld_near(upheld_local(a), upheld_local(b))
    ELSE upheld_local(a) = upheld_local(b) AND length(upheld_local(a)) >= 5 AND upheld_near(upheld_domain(a), upheld_domain(b)) END;

CREATE OR REPLACE TEMP MACRO upheld_email(a, b) AS CASE
    WHEN len(a) = 0 OR len(b) = 0 THEN 0
    WHEN list_has_any(a, b) THEN 3
    WHEN list_bool_or(list_transform(a, lambda n: list_bool_or(list_transform(b, lambda m: upheld_near_mail(n, m))))) THEN 2
    ELSE 1 END;

CREATE OR REPLACE TEMP MACRO upheld_phone(a, b) AS CASE
    WHEN len(a) = 0 OR len(b) = 0 THEN 0
    WHEN list_has_any(a, b) THEN 3
    WHEN list_bool_or(list_transform(a, lambda n: list_bool_or(list_transform(b,
        lambda m: least(length(n), length(m)) >= 6 AND upheld_slips(n, m, 1))))) THEN 2
    ELSE 1 END;

CREATE OR REPLACE TEMP MACRO upheld_account(a, b) AS upheld_phone(a, b);
