"""A list is released alike on every engine."""

from __future__ import annotations

import pytest

from upheld.errors import Invalid
from upheld.people.identifiers import Email

EXTRAS = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("spark", "clickhouse")]
HEAD = "email,first,last,address,zip,state,birth date,purchases\n"


def rows():
    for number in range(60):
        born = "2020-05-05" if number % 7 == 0 else "1980-01-01" if number % 3 else ""
        yield f"p{number}@x.example,P,Q,{number} Elm Rd,10001,{'CA' if number % 2 else ''},{born},3"


@pytest.mark.parametrize("name", ["postgres", *EXTRAS])
@pytest.mark.parametrize("purpose", ["marketing.post", "marketing.email"])
def test_every_engine_releases_the_same_list(shop, request, name, purpose):
    address = request.getfixturevalue("postgres_url").render_as_string(hide_password=False) if name == "postgres" else None
    if name == "spark":
        request.getfixturevalue("spark_session")
    for number in range(0, 60, 4):
        shop.says(Email(f"p{number}@x.example"), "post")
    for number in range(0, 60, 5):
        shop.says(Email(f"p{number}@x.example"), "newsletter", "in")
    path = shop.list(HEAD + "\n".join(rows()) + "\n")
    asked = {"purpose": purpose, "to": "ourselves"}
    first = shop.release(path, **asked, out=shop.folder / "first.csv")
    second = shop.release(path, **asked, out=shop.folder / "second.csv", engine=name, engine_address=address)
    assert 0 < first.released < 60
    assert sorted(shop.out("first.csv").splitlines()) == sorted(shop.out("second.csv").splitlines())
    assert (second.released, second.refusals, second.cells) == (first.released, first.refusals, first.cells)


def test_an_engine_that_does_not_answer_releases_nothing(shop):
    with pytest.raises(Invalid, match="does not answer"):
        shop.release(engine="postgres", engine_address="postgresql://nobody@127.0.0.1:1/nothing")
    assert not (shop.folder / "out.csv").exists()
