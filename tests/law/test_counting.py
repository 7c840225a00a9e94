"""When an answer is due: the test vectors, and the rules that hold for every date."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.errors import Invalid
from upheld.law.counting import Due, Period, due, earliest, end_of, extended

LA, BERLIN = ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/Berlin")
SUNDAY = datetime(2026, 11, 22, 10, 0, tzinfo=LA)
DAYS_45, DAYS_90 = Period(45, "calendar_day", receipt_counts=True), Period(90, "calendar_day", receipt_counts=True)


@pytest.mark.parametrize(
    ("duty", "period", "safe", "aware"),
    [
        ("CCPA acknowledgement", Period(10, "business_day"), "2026-12-04", "2026-12-07"),
        ("CCPA opt-out", Period(15, "business_day"), "2026-12-11", "2026-12-14"),
        ("CCPA know", DAYS_45, "2027-01-05", "2027-01-06"),
        ("CCPA know, lengthened", DAYS_90, "2027-02-19", "2027-02-20"),
        ("Shine the Light", Period(30, "calendar_day"), "2026-12-22", "2026-12-22"),
        ("Shine the Light, wrong door", Period(150, "calendar_day"), "2027-04-21", "2027-04-21"),
        ("CAN-SPAM, CASL, TCPA", Period(10, "business_day"), "2026-12-04", "2026-12-07"),
        ("GDPR", Period(1, "month"), "2026-12-22", "2026-12-22"),
        ("GDPR, lengthened", Period(3, "month"), "2027-02-22", "2027-02-22"),
        ("Iowa", Period(90, "calendar_day"), "2027-02-20", "2027-02-20"),
        ("California breach", Period(30, "calendar_day"), "2026-12-22", "2026-12-22"),
    ],
)
def test_what_is_received_on_22_november_2026_is_due_when_the_vectors_say(duty, period, safe, aware):
    found = due(SUNDAY, period, LA)
    assert (found.safe, found.holiday_aware) == (date.fromisoformat(safe), date.fromisoformat(aware))


def test_a_lengthened_answer_is_counted_from_the_receipt_in_one_go():
    assert extended(SUNDAY, DAYS_45, Period(45, "calendar_day"), LA).safe == date(2027, 2, 19)
    assert extended(SUNDAY, Period(1, "month"), Period(2, "month"), LA).safe == date(2027, 2, 22)
    with pytest.raises(Invalid, match="cannot be lengthened"):
        extended(SUNDAY, Period(1, "month"), Period(30, "calendar_day"), LA)


def test_48_hours_end_at_the_same_clock_time_two_days_later():
    assert due(SUNDAY, Period(48, "hour"), LA).safe == datetime(2026, 11, 24, 10, 0, tzinfo=LA)


@pytest.mark.parametrize(("start", "clock"), [(datetime(2027, 3, 13, 10, tzinfo=LA), 11), (datetime(2026, 10, 31, 10, tzinfo=LA), 9)])
def test_hours_pass_whatever_the_clocks_are_set_to(start, clock):
    end = due(start, Period(48, "hour"), LA).safe
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=48)
    assert end.hour == clock


def test_a_month_that_ends_on_a_sunday_lawfully_ends_on_monday_and_safely_on_friday():
    found = due(datetime(2027, 1, 31, 9, tzinfo=BERLIN), Period(1, "month"), BERLIN, holidays="DE")
    assert (found.safe, found.holiday_aware) == (date(2027, 2, 26), date(2027, 3, 1))


def test_a_month_that_ends_on_a_public_holiday_lawfully_ends_on_the_next_working_day():
    found = due(datetime(2026, 11, 25, 9, tzinfo=BERLIN), Period(1, "month"), BERLIN, holidays="ECB")
    assert (found.safe, found.holiday_aware) == (date(2026, 12, 25), date(2026, 12, 28))


@pytest.mark.parametrize(("day", "end"), [((2028, 1, 31), (2028, 2, 29)), ((2027, 3, 31), (2027, 4, 30)), ((2028, 1, 29), (2028, 2, 29))])
def test_a_month_without_that_day_ends_on_its_last_day(day, end):
    assert due(datetime(*day, 9, tzinfo=BERLIN), Period(1, "month"), BERLIN, holidays=None).safe == date(*end)


def test_the_day_of_receipt_is_the_earlier_of_ours_and_theirs():
    late = datetime(2026, 11, 23, 2, 0, tzinfo=BERLIN)  # still the 22nd in California
    assert due(late, Period(30, "calendar_day"), BERLIN).safe == date(2026, 12, 23)
    assert due(late, Period(30, "calendar_day"), BERLIN, theirs=LA).safe == date(2026, 12, 22)
    assert due(late, Period(30, "calendar_day"), LA, theirs=BERLIN).safe == date(2026, 12, 22)


def test_of_several_laws_the_first_end_is_worked_to_whatever_its_unit():
    hours, day, none = due(SUNDAY, Period(48, "hour"), LA), due(SUNDAY, Period(10, "business_day"), LA), []
    assert earliest([day, hours], LA) == hours
    assert earliest([day, due(SUNDAY, Period(30, "calendar_day"), LA)], LA) == day
    assert earliest(none, LA) is None
    assert end_of(date(2026, 11, 22), LA) == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_a_policys_duration_is_counted_in_the_units_of_the_law():
    assert Period.of_policy(10, "business day") == Period(10, "business_day")
    assert Period.of_policy(2, "week") == Period(14, "calendar_day")
    assert Period.of_policy(1, "year") == Period(12, "month")
    with pytest.raises(Invalid, match="no unit `fortnight`"):
        Period.of_policy(1, "fortnight")


@pytest.mark.parametrize("wrong", [(1, "moon"), (-1, "hour"), (10**9, "month"), (1, "month", True)])
def test_a_period_that_cannot_be_is_refused(wrong):
    with pytest.raises(Invalid):
        Period(*wrong)


def test_a_time_without_its_zone_and_an_end_beyond_the_calendar_are_refused():
    with pytest.raises(Invalid, match="time zone"):
        due(datetime(2026, 11, 22), Period(1, "month"), LA)  # noqa: DTZ001
    with pytest.raises(Invalid, match="beyond the calendar"):
        due(datetime(9999, 12, 1, tzinfo=LA), Period(2, "month"), LA)
    with pytest.raises(Invalid, match="no calendar of public holidays"):
        _ = due(SUNDAY, Period(1, "business_day"), LA, holidays="XX").holiday_aware


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2080, 1, 1)),  # noqa: DTZ001 - Hypothesis adds the zone itself
    st.sampled_from(["calendar_day", "business_day", "month"]),
    st.integers(0, 120),
    st.sampled_from([LA, BERLIN]),
    st.sampled_from(["US", "ECB", None]),
)
def test_the_safe_date_is_never_before_the_receipt_nor_after_the_lawful_one(naive, unit, n, zone, holidays):
    received = naive.replace(tzinfo=zone)
    found: Due = due(received, Period(n, unit), zone, holidays=holidays)
    assert received.date() <= found.safe <= found.holiday_aware
    assert found.safe <= due(received, Period(n + 1, unit), zone).safe
