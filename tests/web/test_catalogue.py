"""All texts of the sites are in one catalogue, in Spanish too, and packed."""

from __future__ import annotations

import gettext
import re

import pytest

from tests.web.reading import words
from tools import catalogue

ES = catalogue.WEB / "locale" / "es" / "LC_MESSAGES" / "django.po"
HOLE = re.compile(r"%\(\w+\)\w|%%")


def test_every_text_of_the_pages_is_in_the_catalogue_and_nothing_else():
    said, known = set(catalogue.texts()), set(catalogue.read(ES))
    assert len(said) > 250
    assert known == said, "run `python -m tools.catalogue`"


def test_every_text_is_translated_with_the_same_holes():
    wrong = [
        text
        for text, told in catalogue.read(ES).items()
        if not all(told) or any(sorted(HOLE.findall(text[-1])) != sorted(HOLE.findall(one)) for one in told[-1:])
    ]
    assert wrong == []


def test_what_programs_read_is_what_people_translated():
    assert ES.with_suffix(".mo").read_bytes() == catalogue.packed("es", catalogue.read(ES)), "run `python -m tools.catalogue`"


def test_the_packed_catalogue_is_one_that_python_reads():
    with ES.with_suffix(".mo").open("rb") as file:
        read = gettext.GNUTranslations(file)
    assert read.gettext("Contact") == "Contacto"
    assert read.ngettext("%(count)d list", "%(count)d lists", 1) == "%(count)d lista"
    assert read.ngettext("%(count)d list", "%(count)d lists", 3) == "%(count)d listas"


def test_a_new_text_is_kept_beside_the_translated_ones(tmp_path):
    path = tmp_path / "django.po"
    catalogue.write(
        path, "es", {("One\n“two”",): "a.py", ("%(n)d a", "%(n)d b"): "b.html"}, {("%(n)d a", "%(n)d b"): ("%(n)d x", "%(n)d y")}
    )
    assert catalogue.read(path) == {("One\n“two”",): ("",), ("%(n)d a", "%(n)d b"): ("%(n)d x", "%(n)d y")}


@pytest.mark.parametrize(
    "path", ["/", "/stop", "/choices", "/newsletter", "/newsletter/sent", "/mine", "/contact", "/sites", "/policy/versions", "/nope"]
)
def test_a_spanish_page_holds_no_english_sentence_of_ours(centre, path):
    answer = centre.get(path, headers={"accept-language": "es"})
    page = words(answer, status=answer.status_code)
    english = [text[0] for text in catalogue.texts() if len(text[0].split()) > 3 and "%" not in text[0]]
    assert [text for text in english if text in page] == []
    assert "Idioma" in page
