"""What Northgate's customers were promised, as sentences that can be held against any text of its policy.

Each sentence names the promise (docs/promises.md) and the clauses that make it. `CHECKS` is the list of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from upheld.policy import behaviour
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide
from upheld.policy.prove import prove
from upheld.policy.uses import Decision, Standing, Use

PATH = Path(__file__).parents[2] / "policies" / "northgate.md"
TOPICS = ("newsletter", "post", "calls", "sharing", "suggestions")
GROWN = 40


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence about what the policy does, and the test of it; the test fails by assertion."""

    promise: str
    clauses: tuple[str, ...]
    sentence: str
    test: Callable[[Policy], None]


CHECKS: list[Check] = []


def promise(name: str, *clauses: str) -> Callable[[Callable[[Policy], None]], Callable[[Policy], None]]:
    def keep(test: Callable[[Policy], None]) -> Callable[[Policy], None]:
        CHECKS.append(Check(name, clauses, test.__name__.replace("_", " "), test))
        return test

    return keep


def person(region: str | None = None, age: int | None = GROWN, *, served: bool | None = None, **choices: str) -> Standing:
    return Standing({topic: choices.get(topic, "unset") for topic in TOPICS}, region, age, served)  # type: ignore[misc]


SOMEBODY = person()


def ask(policy: Policy, purpose: str, items: Sequence[str] = (), standing: Standing = SOMEBODY, **use: object) -> Decision:
    return decide([policy], Use(purpose, tuple(items), **use), standing)  # type: ignore[arg-type]


def proven(policy: Policy, beginning: str) -> bool:
    """Whether the policy says this itself, and the proof holds."""
    return any(each.expectation.text.startswith(beginning) and each.holds for each in verdicts(policy))


verdicts = cache(prove)  # many sentences ask about one policy


ADDRESS = ("order.name", "order.shipping address")
GOOD = {"to": "third party", "vetted": True, "under_contract": True}


# What we collect, and for how long


@promise("P1", "collect.order")
def order_information_is_kept_for_seven_years_by_token_and_last_four_digits(policy):
    for kind in ("name", "billing address", "shipping address", "phone", "email", "purchases", "card token", "card last four"):
        (kept,) = behaviour.retention(policy, f"order.{kind}")
        assert (kept.duration.count, kept.duration.unit, kept.after_last_contact) == (7, "year", False)
    assert not any("card number" in item for item in policy.vocabulary.items)


@promise("P2", "collect.registration")
def what_people_give_us_elsewhere_is_kept_until_three_years_after_the_last_contact(policy):
    for item in ("newsletter.email", "quote.products", "registration.profile"):
        (kept,) = behaviour.retention(policy, item)
        assert (kept.duration.count, kept.duration.unit, kept.after_last_contact) == (3, "year", True)


@promise("P11", "collect.survey")
def survey_answers_are_kept_for_a_year(policy):
    (kept,) = behaviour.retention(policy, "survey.answers")
    assert (kept.duration.count, kept.duration.unit) == (1, "year")


@promise("P4", "collect.cart")
def a_cart_is_kept_for_thirty_days(policy):
    (kept,) = behaviour.retention(policy, "cart.products")
    assert (kept.duration.count, kept.duration.unit) == (30, "day")


@promise("P3", "collect.web")
def web_logs_are_forgotten_within_a_day(policy):
    for item in ("web.ip address", "web.cookie", "web.pages"):
        (kept,) = behaviour.retention(policy, item)
        assert behaviour.hours(kept.duration) <= 24


@promise("P5", "collect.tracking")
def what_trackers_note_is_forgotten_within_a_day(policy):
    (kept,) = behaviour.retention(policy, "tracking.pages")
    assert behaviour.hours(kept.duration) <= 24


# How we use it


@promise("P6", "use.orders")
def an_order_can_be_filled(policy):
    assert ask(policy, "ordering.fulfil", ["order"]).allowed
    assert ask(policy, "ordering.contact", ["order.email"]).allowed


@promise("P0", "use.orders")
def affiliates_take_part_in_orders_without_the_card(policy):
    answer = ask(policy, "ordering.fulfil", ["order"], to="affiliate")
    assert set(answer.refused) == {"order.card token", "order.card last four"}
    assert "order.name" in answer.permitted


@promise("P6", "use.contact")
def we_can_write_about_a_registration_and_not_look_at_the_profile(policy):
    assert ask(policy, "ordering.contact", ["registration.name", "registration.email"]).allowed
    assert not ask(policy, "ordering.contact", ["registration.profile"]).allowed


@promise("P6", "use.contact")
def we_can_write_about_a_quote_that_was_asked_for(policy):
    assert ask(policy, "ordering.contact", ["quote"]).allowed


@promise("P3", "use.measurement")
def the_sites_are_measured_by_totals_of_ten(policy):
    answer = ask(policy, "measurement", totals=("web.pages", "tracking.campaign"), people=10)
    assert answer.allowed
    assert answer.obligations.people == 10
    assert not ask(policy, "measurement", totals=("web.pages",), people=9).allowed
    assert not ask(policy, "measurement", ["web.pages"]).allowed


@promise("P3", "use.visits")
def visits_are_looked_at_one_by_one_only_for_security(policy):
    assert ask(policy, "security", ["web.ip address"]).allowed
    assert not ask(policy, "audit", ["web.ip address"]).allowed


@promise("P5", "use.visits")
def what_trackers_note_is_seen_one_by_one_by_nobody(policy):
    assert not ask(policy, "security", ["tracking.pages"]).allowed
    assert not ask(policy, "legal.demand", ["tracking.pages"], to="authority", legal_process=True).allowed


@promise("P5", "use.visits")
def that_trackers_give_only_totals_is_proven(policy):
    assert proven(policy, "never any except rights, retention using tracking when not as totals")


@promise("P4", "use.suggestions")
def suggestions_come_from_the_cart_and_the_registration(policy):
    assert ask(policy, "recommendation", ["cart.products", "registration.profile"]).allowed


@promise("P4", "use.suggestions")
def suggestions_may_look_at_visitors_as_totals(policy):
    assert ask(policy, "recommendation", ["cart.products"], totals=("web.pages",), people=10).permitted == ("cart.products", "web.pages")
    assert not ask(policy, "recommendation", ["web.pages"]).allowed


@promise("P7", "use.post")
def offers_go_out_by_post_chosen_by_purchases(policy):
    assert ask(policy, "marketing.post", ADDRESS, chosen_by=("order.purchases",)).allowed
    assert not ask(policy, "marketing.post", ADDRESS, chosen_by=("survey.answers",)).allowed


@promise("P7", "use.calls")
def customers_may_be_called_about_offers(policy):
    assert ask(policy, "marketing.phone", ["order.name", "order.phone"], chosen_by=("order.purchases",)).allowed


@promise("P10", "use.email")
def offers_by_e_mail_need_an_opt_in(policy):
    tailored = {"items": ["registration.email"], "chosen_by": ("registration.profile",)}
    assert ask(policy, "marketing.email", standing=person(newsletter="in"), **tailored).allowed
    for choice in ("unset", "out", "unknown"):
        assert not ask(policy, "marketing.email", standing=person(newsletter=choice), **tailored).allowed


@promise("P10", "use.email")
def that_nobody_gets_unasked_e_mail_is_proven(policy):
    assert proven(policy, "never marketing.email when not opted in to newsletter")


@promise("P8", "use.partners")
def names_and_addresses_go_to_vetted_companies_under_contract_four_times_a_year(policy):
    answer = ask(policy, "marketing.partner", ADDRESS, chosen_by=("order.purchases",), **GOOD)
    assert answer.allowed
    assert answer.obligations.at_most == ((4, "year"),)
    for fact in ("vetted", "under_contract"):
        for value in (False, None):
            assert not ask(policy, "marketing.partner", ADDRESS, **{**GOOD, fact: value}).permitted


@promise("P8", "use.partners")
def nothing_else_goes_to_them(policy):
    every = [item for item in policy.vocabulary.items if item not in ADDRESS]
    assert ask(policy, "marketing.partner", every, **GOOD).permitted == ()


@promise("P8", "use.partners")
def that_nothing_else_goes_to_them_is_proven(policy):
    assert proven(policy, "never marketing to third party using any except")


@promise("P9", "use.partners")
def that_whoever_opted_out_of_sharing_is_not_shared_is_proven(policy):
    assert proven(policy, "never marketing to third party when opted out of sharing")


@promise("P10", "use.profile")
def the_profile_is_forbidden_to_others_and_not_just_unmentioned(policy):
    for recipient in ("affiliate", "subcontractor", "third party", "authority"):
        answer = ask(policy, "marketing.email", ["registration.profile"], person(newsletter="in"), to=recipient)
        assert not answer.permitted
        assert [(each.effect, each.clause) for each in answer.reasons] == [("forbid", "use.profile")]


@promise("P10", "use.profile")
def that_the_profile_never_leaves_is_proven(policy):
    assert proven(policy, "never marketing to affiliate, subcontractor, third party, authority using registration.profile")


@promise("P11", "use.surveys")
def surveys_are_read_as_totals_of_ten(policy):
    assert ask(policy, "survey.analysis", totals=("survey.answers",), people=10).allowed
    assert not ask(policy, "survey.analysis", totals=("survey.answers",), people=9).allowed


@promise("P11", "use.surveys")
def one_persons_answers_are_read_by_nobody(policy):
    assert not ask(policy, "audit", ["survey.answers"]).allowed
    assert not ask(policy, "legal.demand", ["survey.answers"], to="authority", legal_process=True).allowed


@promise("P11", "use.surveys")
def that_one_persons_answers_stay_unread_is_proven(policy):
    assert proven(policy, "never any except rights, retention using survey.answers when not as totals")


@promise("P11", "use.surveys.thanks")
def who_answered_a_survey_is_thanked(policy):
    assert ask(policy, "survey.thanks", ["survey.name", "survey.email"]).allowed
    assert not ask(policy, "marketing.email", ["survey.email"], person(newsletter="in")).allowed


@promise("P12", "use.subcontractors")
def subcontractors_get_what_they_need_of_whom_they_serve_under_contract(policy):
    served = person(served=True)
    answer = ask(policy, "service", ["order"], served, to="subcontractor", under_contract=True)
    assert set(answer.refused) == {"order.card token", "order.card last four"}
    assert not ask(policy, "service", ["order.name"], person(served=False), to="subcontractor", under_contract=True).allowed
    assert not ask(policy, "service", ["order.name"], person(served=None), to="subcontractor", under_contract=True).allowed
    assert not ask(policy, "service", ["order.name"], served, to="subcontractor", under_contract=False).allowed


@promise("P12", "use.subcontractors")
def that_the_card_never_goes_to_them_is_proven(policy):
    assert proven(policy, "never any to subcontractor using order.card token, order.card last four")


@promise("P14", "use.law")
def authorities_get_information_only_with_legal_process(policy):
    assert ask(policy, "legal.demand", ["order"], to="authority", legal_process=True).allowed
    assert not ask(policy, "legal.demand", ["order"], to="authority", legal_process=None).permitted


# Choices and rights


@promise("P9", "rights.choices")
def whoever_opted_out_is_not_reached_that_way(policy):
    reached = {
        "post": ("marketing.post", ADDRESS, {}),
        "calls": ("marketing.phone", ("order.phone",), {}),
        "sharing": ("marketing.partner", ADDRESS, GOOD),
        "suggestions": ("recommendation", ("cart.products",), {}),
    }
    for topic, (purpose, items, to) in reached.items():
        assert ask(policy, purpose, items, **to).allowed
        for choice in ("out", "unknown"):
            assert not ask(policy, purpose, items, person(**{topic: choice}), **to).permitted
    assert "newsletter" in policy.vocabulary.topics


@promise("P16", "rights.stop")
def anyone_gets_off_every_list_by_phone_or_e_mail_and_a_few_words(policy):
    for topic in TOPICS:
        for region in ("us-tx", "de", None):
            (way,) = behaviour.stops(policy, topic, region)
            assert {"web", "email", "phone"} <= set(way.channels)
            assert way.given == (("email",), ("first name", "last name", "address", "zip"))
            assert way.within
            assert behaviour.hours(way.within) <= 14 * 24


@promise("P19", "rights.contact")
def customer_service_can_be_called_in_business_hours(policy):
    desk = behaviour.desk(policy, "us")
    assert desk is not None
    assert (desk.desk, bool(desk.phone), bool(desk.email), bool(desk.post), bool(desk.hours)) == (
        "customer service",
        True,
        True,
        True,
        True,
    )


@promise("P19", "rights.access")
def anyone_can_see_and_correct_what_we_hold(policy):
    for region in ("us", "jp", None):
        for name in ("access", "correct", "ask"):
            assert any("anyone" in each.regions and "web" in each.channels for each in behaviour.right(policy, name, region))


@promise("P19", "rights.access")
def what_we_hold_may_be_given_to_the_person(policy):
    assert ask(policy, "rights", policy.vocabulary.sources, to="the person").allowed


@promise("P19", "rights.access")
def that_it_may_always_be_given_to_the_person_is_proven(policy):
    assert proven(policy, "always rights to the person")


@promise("P16", "rights.eu")
def europeans_can_have_information_deleted_within_a_month(policy):
    for name in ("delete", "object"):
        (way, *_) = behaviour.right(policy, name, "fr")
        assert way.within
        assert (way.within.count, way.within.unit) == (1, "month")
        assert not behaviour.right(policy, "object", "us-tx")


@promise("P16", "rights.eu")
def europeans_can_restrict_take_along_and_have_a_machine_looked_after_within_a_month(policy):
    for name in ("access", "correct", "restrict", "port", "review"):
        (way, *_) = behaviour.right(policy, name, "fr")
        assert way.within
        assert (way.within.count, way.within.unit) == (1, "month")


@promise("P16", "rights.us")
def americans_everywhere_can_see_correct_delete_and_take_along_within_forty_five_days(policy):
    for name in ("access", "correct", "delete", "port"):
        ways = [way for way in behaviour.right(policy, name, "us-tx") if way.regions == ("us",)]
        assert [(way.within.count, way.within.unit, way.extendable.count) for way in ways] == [(45, "day", 45)]
        assert ("email",) in ways[0].given


@promise("P16", "rights.us")
def americans_everywhere_can_have_a_refusal_looked_at_again_within_forty_five_days(policy):
    (way,) = behaviour.right(policy, "appeal", "us-va")
    assert (way.within.count, way.within.unit) == (45, "day")
    assert not behaviour.right(policy, "appeal", "fr")


@promise("P16", "rights.eu")
def europeans_write_to_the_information_security_team(policy):
    desk = behaviour.desk(policy, "fr")
    assert desk is not None
    assert desk.desk == "information security"


@promise("P20", "rights.california")
def californians_learn_what_was_disclosed_in_the_calendar_year_before(policy):
    (way,) = behaviour.right(policy, "disclosures", "us-ca")
    assert way.covering == "preceding calendar year"
    assert way.given == (("name", "reply address"),)
    assert way.within
    assert behaviour.hours(way.within) <= 30 * 24
    assert not behaviour.right(policy, "disclosures", "us-ny")


@promise("P20", "rights.california.more")
def californians_learn_what_is_collected_within_forty_five_days(policy):
    (way,) = behaviour.right(policy, "know", "us-ca")
    assert way.within
    assert way.extendable
    assert (way.within.count, way.extendable.count) == (45, 45)


# Children, security, changes


@promise("P17", "children.under13")
def the_age_is_asked_before_anyone_signs_up(policy):
    for source in ("newsletter", "registration", "survey"):
        assert behaviour.asks_age_before(policy, source) == "children.under13"


@promise("P17", "children.under13")
def nothing_of_a_known_child_is_used(policy):
    child = person(age=12, newsletter="in")
    assert not ask(policy, "ordering.fulfil", ["order.name"], child).permitted
    assert not ask(policy, "marketing.email", ["newsletter.email"], child).permitted
    assert ask(policy, "retention", ["newsletter.email"], child).allowed


@promise("P17", "children.under13")
def that_nothing_of_a_known_child_is_used_is_proven(policy):
    assert proven(policy, "never any except rights, security, retention, audit when known to be under 13")


@promise("P17", "children.under16")
def no_company_is_given_the_address_of_anyone_known_to_be_under_16(policy):
    for age, given in ((14, False), (15, False), (16, True)):
        assert ask(policy, "marketing.partner", ADDRESS, person(age=age), **GOOD).allowed is given
    assert ask(policy, "marketing.post", ADDRESS, person(age=15)).allowed


@promise("P17", "children.under16")
def that_no_company_is_given_the_address_of_anyone_known_to_be_under_16_is_proven(policy):
    assert proven(policy, "never marketing to third party when known to be under 16")


@promise("P15", "security.staff")
def staff_see_only_what_their_work_needs(policy):
    allowed = {
        "support": ("ordering.contact", ["order.phone"], {}),
        "fulfilment": ("ordering.fulfil", ["order"], {}),
        "marketing": ("marketing.post", ADDRESS, {}),
        "privacy": ("audit", ["order"], {}),
        "operations": ("security", ["web"], {}),
    }
    for role in allowed:
        for owner, (purpose, items, to) in allowed.items():
            assert ask(policy, purpose, items, asked_by=role, **to).allowed is (owner == role or (role, owner) == ("fulfilment", "support"))


@promise("P13", "security.links")
def people_are_told_when_they_leave(policy):
    assert behaviour.notice_on_leaving(policy) == "security.links"


@promise("P18", "changes.posting")
def changes_apply_from_posting_and_not_to_earlier_information(policy):
    assert behaviour.changes(policy) == "changes.posting"
