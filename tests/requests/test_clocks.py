"""By when a removal must be done: the policy's own promise and the laws that it names, the earliest of them, by the desk's clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.houses import CLERK, NOW
from tests.requests.conftest import JANE, POLICY, TOPICS, ask
from upheld.cli.main import run
from upheld.errors import Conflict
from upheld.policy.compiled import Policy
from upheld.postings.queries import in_force
from upheld.requests.actions import Asked, receive
from upheld.requests.clocks import clocks
from upheld.requests.desks import desk, hours

LA, BERLIN = ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/Berlin")
SUNDAY = datetime(2026, 11, 22, 10, tzinfo=LA)
TEXT = POLICY.read_text("utf-8")
NORTHGATE = Policy.parse(TEXT, "northgate.md")


def running(topics=TOPICS, region=None, at=SUNDAY, channel="phone", policy=NORTHGATE, zone=LA):
    """What sets each clock, and the local day on which it ends."""
    return {clock.source: clock.due_at.astimezone(zone).date().isoformat() for clock in clocks(policy, topics, region, at, channel)}


def test_the_earliest_holds_and_says_what_sets_it_and_whether_that_is_confirmed():
    first, *others = clocks(NORTHGATE, TOPICS, "us-ca", SUNDAY, "phone")
    assert (first.source, first.due_at.astimezone(LA)) == ("mailbox.bulk-sender", SUNDAY + timedelta(hours=48))
    assert not first.confirmed
    assert first.says == "within 48 hours, as Gmail and Yahoo sender rules (private, since 2024); Microsoft 2025 asks"
    own = next(clock for clock in others if clock.source == "rights.stop")
    assert (own.confirmed, own.says) == (True, "within 10 business days, as the policy says")
    assert [clock.due_at for clock in others] == sorted(clock.due_at for clock in others)


def test_a_removal_of_a_californian_runs_by_the_vectors():
    assert running(region="us-ca") == {
        "mailbox.bulk-sender": "2026-11-24",
        "rights.stop": "2026-12-04",
        "us.can-spam.stop": "2026-12-04",
        "us.postal.stop": "2026-12-04",
        "us.tcpa.stop": "2026-12-04",
        "us-ca.ccpa.optout": "2026-12-11",
    }


def test_only_what_is_stopped_has_a_clock():
    assert {*running(topics=("post",), region="us-ca")} == {"rights.stop", "us.postal.stop"}
    assert {*running(topics=("sharing",), region="us-ca")} == {"rights.stop", "us-ca.ccpa.optout"}
    assert {*running(topics=("suggestions",), region="us-ca")} == {"rights.stop"}


def test_the_browsers_signal_is_due_the_day_it_comes_and_only_by_that_channel():
    assert running(topics=("sharing",), region="us-ca", channel="signal")["us-ca.ccpa.signal"] == "2026-11-22"
    assert "us-ca.ccpa.signal" not in running(topics=("sharing",), region="us-ca", channel="web")


def test_a_european_who_objects_to_advertising_is_due_at_once_and_no_american_law_runs():
    found = running(region="de")
    assert found["eu.gdpr.object-marketing"] == "2026-11-22"
    assert not {source for source in found if source.startswith("us")}


def test_other_states_have_their_own_time_and_who_does_not_say_is_taken_to_live_at_home():
    assert running(topics=("sharing",), region="us-va")["us-states.optout-sale"] == "2027-01-06"
    assert running(topics=("sharing",), region="us-ia")["us-states.optout-sale"] == "2027-02-20"
    unknown = running(topics=("sharing",))
    assert {*unknown} == {"rights.stop", "us-ca.ccpa.optout", "us-states.optout-sale"}
    assert unknown["us-states.optout-sale"] == "2027-01-06"  # the earliest of the states
    abroad = Policy.parse(TEXT.replace("territory: [us, eu]", "territory: [eu]"), "abroad.md")
    assert {*running(topics=("sharing",), policy=abroad)} == {"rights.stop", "eu.gdpr.object-marketing"}


def test_a_policy_that_names_no_law_has_only_its_own_clocks():
    lines = [line for line in TEXT.splitlines() if not line.startswith("law:")]
    assert {*running(policy=Policy.parse("\n".join(lines), "own.md"))} == {"rights.stop"}


@pytest.mark.parametrize(
    ("within", "due"),
    [("2 weeks", "2026-12-05"), ("30 days", "2026-12-21"), ("1 month", "2026-12-22"), ("24 hours", "2026-11-23"), ("1 year", "2027-11-22")],
)
def test_a_policys_own_time_is_counted_so_that_nobody_can_call_it_late(within, due):
    policy = Policy.parse(TEXT.replace("within 10 business days", f"within {within}"), "own.md")
    assert running(policy=policy)["rights.stop"] == due


def test_the_day_is_that_of_the_desk_and_ends_there_also_when_the_clocks_change():
    late = datetime(2026, 11, 1, 7, 30, tzinfo=UTC)  # 00:30 on the day on which Los Angeles sets its clocks back
    (own,) = [one for one in clocks(NORTHGATE, TOPICS, "us-ca", late, "phone") if one.source == "rights.stop"]
    assert own.due_at == datetime(2026, 11, 14, 7, 59, 59, tzinfo=UTC)  # the end of Friday 13th, in winter time
    before = clocks(NORTHGATE, TOPICS, "us-ca", late - timedelta(hours=1), "phone")  # still Saturday there
    assert next(one for one in before if one.source == "rights.stop").due_at == own.due_at
    assert running(region="us-ca", at=late - timedelta(days=1))["rights.stop"] == "2026-11-13"


def test_a_request_keeps_all_its_clocks_and_shows_which_one_set_the_date(shop, monkeypatch, capsys):
    received = ask(shop, region="us-ca")
    assert received.due_at == NOW + timedelta(hours=48)
    monkeypatch.setenv("UPHELD_HOME", str(shop.home.path))
    if shop.home.record_url.startswith("sqlite"):
        shop.record.close()
    assert run(["requests", "show", str(received.request)]) == 0
    out = capsys.readouterr().out
    assert "due 2026-05-06 12:00 UTC" in out
    assert ", by `mailbox.bulk-sender`" in out
    assert "clock us-ca.ccpa.optout: 2026-05-26 06:59 UTC, within 15 business days, as Civ. Code 1798.120, .135;" in out
    assert "clock rights.stop: 2026-05-19 06:59 UTC, within 10 business days, as the policy says\n" in out


def test_a_clock_that_went_back_is_refused_and_a_message_from_the_future_counts_from_now(shop):
    first = ask(shop, at=NOW, received_at=NOW + timedelta(days=300), region="us-ca")
    assert first.due_at == NOW + timedelta(hours=48)
    early = NOW - timedelta(hours=1)
    with shop.record.transaction() as tx, pytest.raises(Conflict, match="the clock went back"):
        receive(tx, shop.keeper, Asked(JANE, "phone", early), in_force(tx, NOW), at=early, actor=CLERK)


def test_a_desk_is_shut_on_the_public_holidays_of_its_place():
    service, security = desk(NORTHGATE, "us-ca"), desk(NORTHGATE, "de")
    assert (service.hours.calendar, security.hours) == ("US", None)
    thanksgiving = datetime(2026, 11, 26, 10, tzinfo=LA)
    assert not service.open_at(thanksgiving)
    assert service.open_at(thanksgiving + timedelta(days=1))
    assert service.hours.opens_next(thanksgiving) == datetime(2026, 11, 27, 6, tzinfo=LA)
    assert hours("Mon-Fri 06:00-17:00 America/Los_Angeles").open_at(thanksgiving)  # nobody said which holidays
    there = hours("Mon-Fri 08:00-12:00 and Mon-Fri 13:00-17:00 Europe/Berlin", "ECB")
    assert there.opens_next(datetime(2026, 12, 24, 18, tzinfo=BERLIN)) == datetime(2026, 12, 28, 8, tzinfo=BERLIN)


def own(at, region):
    return next(one.due_at for one in clocks(NORTHGATE, TOPICS, region, at, "phone") if one.source == "rights.stop")


def test_days_are_also_those_where_the_person_lives():
    """Ten business days from a Monday end on a Monday. Early on a Monday in New York and here it is still Sunday in Hawaii."""
    early = datetime(2026, 11, 23, 1, tzinfo=LA)
    assert own(early, "us-ca") == datetime(2026, 12, 8, 7, 59, 59, tzinfo=UTC)  # the end of Monday the 7th, here
    assert own(early, "us-ny") == datetime(2026, 12, 8, 4, 59, 59, tzinfo=UTC)  # the end of the same day there, three hours earlier
    assert own(early, "us-hi") == datetime(2026, 12, 5, 7, 59, 59, tzinfo=UTC)  # it came on Sunday: the end of Friday the 4th, here
    assert own(early, "us-tx") == own(early, "us-co")  # El Paso has the clocks of Denver: of several the one furthest behind
    assert own(early, "nowhere") == own(early, "us-ca")


def test_a_day_that_is_over_where_the_person_lives_ends_by_the_clocks_here():
    late = datetime(2026, 11, 22, 20, tzinfo=LA)  # Monday morning in Berlin
    found = {clock.source: clock.due_at for clock in clocks(NORTHGATE, TOPICS, "de", late, "phone")}
    assert found["eu.gdpr.object-marketing"] > late
    assert found["eu.gdpr.object-marketing"] <= late + timedelta(hours=24)


def test_every_zone_that_is_named_is_known_and_every_state_has_one():
    from upheld.law.zones import zone_of

    states = (
        "al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx "
        "ut vt va wa wv wi wy dc"
    )
    assert all(zone_of(f"us-{state}") for state in states.split())
    assert [zone_of(region) for region in ("us", "eu", None, "atlantis")] == [None] * 4
    assert str(zone_of("de-by")) == "Europe/Berlin"
