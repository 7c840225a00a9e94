"""Law packs: every record reads, says where it comes from, and is shown as sure as it is; a wrong one is one line with its place."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.errors import Invalid, No, NotFound
from upheld.law import reading
from upheld.law.counting import Period
from upheld.policy.terms import CHANNELS, IDENTIFIERS, LAWS, PURPOSES, RECIPIENTS, REGION_PARENTS, RIGHTS

HOUSE = Path(__file__).parents[2]
ALL = [duty for pack in reading.packs() for duty in pack.duties]
PACK = """\
pack = "us-xx"
title = "Nowhere"
as_of = 2026-11-22

[[duty]]
id = "us-xx.delete"
law = "Code 1"
right = "delete"
says = "People may have it deleted."
regions = ["us-ca"]
due = { n = 45, unit = "calendar_day" }
evidence = "V"
sources = ["VA"]
needs = [{ right = "delete" }]
"""


def test_the_packs_are_those_that_a_document_can_name():
    assert set(reading.NAMES) == set(LAWS)
    assert {path.stem for path in reading.FOLDER.glob("*.toml")} == {*reading.NAMES, "sources", "legal-demands"}
    assert [pack.name for pack in reading.packs()] == list(reading.NAMES)


def test_every_duty_has_a_name_of_its_own_and_speaks_the_words_of_the_policy():
    assert len({duty.id for duty in ALL}) == len(ALL) > 200
    for duty in ALL:
        assert {*duty.regions} <= {*REGION_PARENTS, "anywhere"}, duty.id
        for need in duty.needs:
            assert need.to in {None, *RECIPIENTS}, duty.id
            assert need.by in {None, *CHANNELS}, duty.id
            assert need.given in {None, *IDENTIFIERS}, duty.id
            assert need.kind != "right" or need.value in RIGHTS, duty.id
            assert need.kind != "stop" or any(name.startswith(need.value) for name in (*PURPOSES, "marketing.phone")), duty.id


def test_what_no_source_says_is_never_confirmed():
    for duty in ALL:
        assert {*duty.sources} <= {*reading.sources()}, duty.id
        assert duty.sources or duty.evidence == "M", duty.id
        assert (duty.status == "confirmed") == (duty.evidence == "V" and duty.off is None), duty.id
    assert {duty.status for duty in ALL} == {"confirmed", "unconfirmed", "off"}
    assert all(source.what and source.where for source in reading.sources().values())


def test_a_field_that_was_read_less_well_is_not_confirmed_either():
    optout = reading.duty("us-ca.ccpa.optout")
    assert optout.is_confirmed()
    assert not optout.is_confirmed("due")
    assert optout.mark_of("due") == "S"
    erase = reading.duty("eu.gdpr.erase")
    assert (erase.due.period, erase.extend.period, erase.mark_of("due")) == (Period(1, "month"), Period(2, "month"), "V")
    assert not erase.is_confirmed("due")  # the clock was read, the right was not


@pytest.mark.parametrize(
    ("identity", "due"),
    [
        ("us-ca.ccpa.delete", Period(45, "calendar_day", receipt_counts=True)),
        ("us-ca.ccpa.optout", Period(15, "business_day")),
        ("us-ca.shine-the-light", Period(30, "calendar_day")),
        ("us.can-spam.stop", Period(10, "business_day")),
        ("mailbox.bulk-sender", Period(48, "hour")),
        ("eu.gdpr.access", Period(1, "month")),
        ("us-states.ia.delete", Period(90, "calendar_day")),
        ("us-states.va.appeal", Period(60, "calendar_day")),
        ("us-states.or.appeal", Period(45, "calendar_day")),
        ("us-states.nv.optout-sale", Period(60, "calendar_day")),
        ("ca.casl", Period(10, "business_day")),
    ],
)
def test_clocks_are_those_of_the_laws(identity, due):
    assert reading.duty(identity).due.period == due


def test_a_state_has_the_rights_that_it_gives_and_no_other():
    ids = {duty.id for duty in ALL}
    assert "us-states.ia.correct" not in ids
    assert "us-states.ut.appeal" not in ids
    assert {one for one in ids if one.startswith("us-states.nv.")} == {"us-states.nv.optout-sale"}
    assert "us-states.va.signal" not in ids
    assert "us-states.co.signal" in ids
    assert all(reading.duty(f"us-states.{state}.future").off for state in ("ok", "la", "al", "vt"))


def test_what_compels_an_authority_shows():
    demands = reading.legal_demands()
    compels = {one.kind: one.compels for one in demands.instruments}
    assert compels["court order"] == "yes"
    assert compels["emergency request"] == compels["informal request"] == "no"
    assert compels["preservation letter"] == "hold only"
    assert demands.steps[0] == "log receipt"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('right = "delete"\nsays', 'right = "forget"\nsays', r"`right` must be a right that is known.*pack.toml:8"),
        ("n = 45", 'n = "45"', r"`due` must say how many of which unit.*:11"),
        ("calendar_day", "fortnight", r"`due` cannot be counted: no unit `fortnight`.*:11"),
        ('evidence = "V"', 'evidence = "X"', r"`evidence` must be `V`, `S` or `M`.*:12"),
        ('says = "People may have it deleted."\n', "", r"`says` is missing.*:5"),
        ('law = "Code 1"', 'lwa = "Code 1"', r"no setting `lwa` is known here.*:7"),
        ("us-ca", "california", r"`regions` must be the code of a region.*:10"),
        ("us-xx.delete", "delete", r"`id` must be a dotted name.*:6"),
        ("{ right = ", "{ rigth = ", r"`needs` has a setting `rigth`.*:14"),
        ("as_of = 2026-11-22", "as_of = 2026", r"`as_of` must be a day.*:3"),
        ('title = "Nowhere"', 'title = "Nowhere', r"cannot be read: .*pack.toml:2"),
        ("due = {", 'clock_of = "us-xx.other"\ndue = {', r"no duty `us-xx.other` is there to take the clock from.*:11"),
    ],
)
def test_a_record_that_does_not_fit_is_one_line_with_its_place(tmp_path, old, new, words):
    path = tmp_path / "pack.toml"
    path.write_text(PACK)
    assert reading.read_pack(path).duties[0].status == "confirmed"
    path.write_text(PACK.replace(old, new, 1))
    with pytest.raises(Invalid, match=words) as refused:
        reading.read_pack(path)
    assert "\n" not in str(refused.value)


def test_a_duty_that_is_there_twice_and_a_pack_that_is_not_there_are_refused(tmp_path):
    (tmp_path / "pack.toml").write_text(PACK + "\n[[duty]]" + PACK.partition("[[duty]]")[2])
    with pytest.raises(Invalid, match=r"`us-xx.delete` is there twice.*:17"):
        reading.read_pack(tmp_path / "pack.toml")
    with pytest.raises(NotFound, match="no law `us-mars` is known"):
        reading.pack("us-mars")
    with pytest.raises(NotFound, match=r"did you mean `us-ca.ccpa.delete`"):
        reading.duty("us-ca.ccpa.delte")


@given(st.data())
def test_no_line_of_a_pack_makes_reading_raise_anything_but_a_refusal(tmp_path_factory, data):
    lines = PACK.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    piece = st.sampled_from([*lines, "[[duty]]", "[[state]]", "[common]", "x = 1", "due = 7", "needs = [1]", "regions = []", "weak = 2"])
    lines[at] = data.draw(st.one_of(piece, st.text(max_size=20)))
    path = tmp_path_factory.getbasetemp() / "odd.toml"
    path.write_text("\n".join(lines), "utf-8", errors="replace")
    with suppress(No):
        assert reading.read_pack(path).name


def test_the_page_of_the_laws_is_what_the_packs_say():
    command = [sys.executable, "-c", "import sys; from tools.law_page import page; sys.stdout.write(page())"]
    made = subprocess.run(command, cwd=HOUSE, capture_output=True, check=True).stdout
    assert made == (HOUSE / "docs" / "law.md").read_bytes(), "run `python -m tools.law_page`"
