"""The panel's script and the choices made in it, without a browser: its size, what it holds, and what is refused."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from tests.browser.test_panel import TAGS
from tests.houses import NOW, later
from tests.web import sites
from upheld.traffic.panel.queries import Counted, chosen, counted

ORIGIN = {"origin": "https://shop.localhost"}
RECEIPT = "0123456789abcdef" * 2


@pytest.fixture
def tagged(shop):
    (shop.home.path / "tags.toml").write_text(TAGS.replace("{port}", "1"))
    return shop


def setup(centre):
    script = centre.get("/panel.js").content.decode()
    return json.loads(re.search(r"const setup = (\{.*?\}), doc = document", script)[1])


def send(centre, headers=ORIGIN, **more):
    said = {"receipt": RECEIPT, "allowed": ["visits"], "panel": setup(centre)["mark"], "region": "de"} | more
    return centre.post("/panel/choice", json.dumps(said), content_type="text/plain", headers=headers)


def test_the_panel_weighs_at_most_five_kilobytes_on_the_wire_and_comes_from_no_one_else(tagged, centre):
    more = "".join(
        f'\n[[tag]]\nname = "tag-{number}"\ncompany = "Company Number {number} Ltd"\nhosts = ["c{number}.example"]\n'
        f'script = "https://c{number}.example/tag.js"\ntakes = ["tracking.pages"]\npurpose = "measurement"\ncookies = ["_c{number}*"]\n'
        for number in range(8)
    )
    (tagged.home.path / "tags.toml").write_text(TAGS.replace("{port}", "1") + more)
    answer = centre.get("/panel.js", headers={"accept-encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) <= 5_000
    script = gzip.decompress(answer.content).decode()
    assert "tag-7" in script
    assert re.findall(r"\bimport\b|\brequire\(", script) == []
    assert answer["Cache-Control"] == "public, max-age=300"
    assert answer.cookies == {}


def test_only_tags_that_the_policy_in_force_bears_out_are_in_it(tagged, centre, clock):
    assert [tag["name"] for tag in setup(centre)["tags"]] == ["visits", "offers"]
    assert setup(centre)["free"] == ["us"]
    text = sites.POLICY.read_text("utf-8").replace("2026.1", "2026.2")
    text = text.replace("allow measurement using web, tracking as totals", "allow measurement using web as totals")
    clock.now = later(days=1)
    sites.post_policy(tagged, text, at=clock.now)
    assert setup(centre)["tags"] == []


def test_what_a_tag_is_called_cannot_end_the_script(tagged, centre):
    path = tagged.home.path / "tags.toml"
    path.write_text(path.read_text().replace("Visit Counters Ltd", "</script><script>alert(1)//"))
    script = centre.get("/panel.js").content.decode()
    assert "</script" not in script
    assert setup(centre)["tags"][0]["company"] == "</script><script>alert(1)//"


def test_a_choice_is_written_down_with_what_was_shown_and_without_anything_about_who_it_was(tagged, centre):
    assert send(centre).status_code == 204
    assert send(centre, allowed=[]).status_code == 204
    with tagged.record.reading() as conn:
        first, second = chosen(conn, RECEIPT)
        assert counted(conn, NOW) == Counted(everything=0, some=1, nothing=1)
    assert (first.allowed, second.allowed, first.region) == (("visits",), (), "de")
    assert first.shown["words"]["en"]["none"] == "Refuse"
    assert first.shown["tags"][0]["clause"] == "collect.tracking"
    assert RECEIPT.encode() not in tagged.bytes()


def test_a_choice_in_a_panel_that_was_shown_before_the_tags_changed_is_still_heard(tagged, centre):
    mark = setup(centre)["mark"]
    send(centre)
    path = tagged.home.path / "tags.toml"
    path.write_text(path.read_text().replace("Visit Counters Ltd", "Visit Counters Corp"))
    assert setup(centre)["mark"] != mark
    assert send(centre, panel=mark).status_code == 204
    assert send(centre, panel="0" * 12).status_code == 409


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"allowed": ["sold"]}, 400),
        ({"allowed": ["visits", "visits"]}, 400),
        ({"allowed": "visits"}, 400),
        ({"receipt": "17"}, 400),
        ({"region": "atlantis"}, 400),
        ({"panel": "%"}, 409),
        ({"name": "Ida"}, 400),
        ({"allowed": ["x" * 3000]}, 400),
        ({"headers": {"origin": "https://elsewhere.example"}}, 403),
        ({"headers": {}}, 403),
    ],
)
def test_what_no_panel_sends_is_refused_and_nothing_is_written(tagged, centre, more, status):
    assert send(centre, **more).status_code == status
    with tagged.record.reading() as conn:
        assert chosen(conn, RECEIPT) == ()


def test_a_shared_domain_gets_its_cookie_from_the_server(tagged, centre):
    path = tagged.home.path / "tags.toml"
    path.write_text('domain = "localhost"\n' + path.read_text())
    answer = send(centre)
    cookie = answer.cookies["upheld_choice"]
    assert (cookie["domain"], cookie["max-age"], cookie["samesite"]) == ("localhost", 366 * 86400, "Lax")
    assert cookie.value == f"{int(NOW.timestamp()) // 86400}.{setup(centre)['mark']}.visits"


def test_a_house_without_tags_serves_a_script_that_does_nothing(shop, centre):
    assert setup(centre)["tags"] == []
