"""Tags as declared: what cannot be understood is refused with its place, what the policy does not bear out differs."""

from __future__ import annotations

import pytest

from tests.web.sites import POLICY
from upheld.errors import Invalid, NotFound
from upheld.policy.compiled import Policy
from upheld.recipients.queries import Facts
from upheld.traffic.panel.checking import asks_first, clause_of, differences, free_regions, supported
from upheld.traffic.panel.tags import read_tags

TAG = {
    "name": '"visits"',
    "company": '"Visit Counters Ltd"',
    "hosts": '["counters.example"]',
    "takes": '["tracking.pages"]',
    "purpose": '"measurement"',
}


@pytest.fixture
def tags(tmp_path):
    def made(*, head="", **more):
        said = {name: value for name, value in {**TAG, **more}.items() if value}
        path = tmp_path / "tags.toml"
        path.write_text(head + "[[tag]]\n" + "".join(f"{name} = {value}\n" for name, value in said.items()))
        return read_tags(path)

    return made


@pytest.fixture(scope="module")
def policy():
    return Policy.read(POLICY)


def register(kinds):
    def of(name, purpose):
        if name not in kinds:
            raise NotFound(f"no recipient `{name}` is registered")
        return Facts(name, kinds[name], None, None, under_contract=name.startswith("bound"))

    return of


def words(found):
    return [each.message for each in found]


def test_a_tag_that_the_policy_bears_out_runs_under_its_clause(tags, policy):
    read = tags(cookies='["_vc*"]', script='"https://cdn.counters.example/c.js"', recipient='"counters"')
    (tag,) = supported(read, policy, register({"counters": "third party"}))
    assert clause_of(tag, policy) == "collect.tracking"
    assert tag.has_host("cdn.counters.example")
    assert not tag.has_host("badcounters.example")
    assert tag.keeps("_vc_17", cookie=True)
    assert not tag.keeps("_vc_17", cookie=False)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"takes": '["tracking.address"]'}, "no item `tracking.address` is declared"),
        ({"purpose": '"advertising"'}, "no purpose `advertising` is declared"),
        ({"purpose": '"marketing.email"'}, "no clause allows `marketing.email` using `tracking.pages`"),
        ({"recipient": '"nobody"'}, "no recipient `nobody` is registered"),
        ({"asked": '"never"'}, "it runs without being asked about, and names no `recipient`"),
        ({"asked": '"never"', "recipient": '"counters"'}, "it runs without being asked about, and `counters` is a third party"),
        ({"asked": '"never"', "recipient": '"unbound"'}, "`unbound` has no contract for `measurement`"),
    ],
)
def test_a_tag_that_the_policy_does_not_bear_out_differs_and_does_not_run(tags, policy, more, says):
    known = register({"counters": "third party", "unbound": "subcontractor", "bound": "subcontractor"})
    read = tags(**more)
    assert words(differences(read, policy, known))[0].startswith(says)
    assert supported(read, policy, known) == ()


def test_what_the_sites_cannot_do_without_runs_for_a_company_that_works_for_us_under_contract(tags, policy):
    read = tags(asked='"never"', recipient='"bound"')
    assert supported(read, policy, register({"bound": "subcontractor"})) == read.tags


def test_a_tag_that_keeps_something_needs_a_policy_that_says_so(tags):
    silent = Policy.parse(POLICY.read_text("utf-8").replace("collect web: ip address, cookie,", "collect web: ip address,"))
    read = tags(cookies='["_vc"]')
    assert words(differences(read, silent, register({}))) == ["it keeps something in the browser, and the policy collects no `cookie`"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"hosts": '["https://counters.example"]'}, "`https://counters.example` is no host name: write it as `shop.example`"),
        ({"hosts": "[]"}, "a tag needs `hosts`: a list with at least one"),
        ({"hosts": '"counters.example"'}, "`hosts` must be a list of texts"),
        ({"company": ""}, "a tag needs `company`"),
        ({"name": '"Visits!"'}, "the `name` of a tag is lower-case letters, digits and `-`"),
        ({"asked": '"later"'}, "`asked` is `first` or `never`"),
        ({"script": '"javascript:alert(1)"'}, "`script` must be an address that begins with https:// or http://"),
        ({"script": '"https://elsewhere.example/x.js"'}, "`script` loads from a host that is not among `hosts`"),
        ({"colour": '"red"'}, "unknown setting `colour`: a tag has `name`"),
        ({"head": 'site = ["shop.example"]\n'}, "unknown setting `site`: there are"),
        ({"head": 'rights = ["/choices"]\n'}, "`rights` must be an address"),
        ({"head": "[[tag]]\n" + "".join(f"{name} = {value}\n" for name, value in TAG.items())}, "the name `visits` is declared twice"),
        ({"head": "sites = [\n"}, "the tags cannot be read: mend the file"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_place(tags, more, says):
    with pytest.raises(Invalid) as no:
        tags(**more)
    assert str(no.value).startswith(says)
    assert "tags.toml" in str(no.value)


def test_one_host_belongs_to_one_tag(tags):
    other = "".join(f"{name} = {value}\n" for name, value in {**TAG, "name": '"others"'}.items())
    with pytest.raises(Invalid, match=r"the host `counters\.example` is declared twice"):
        tags(head="[[tag]]\n" + other)


def test_without_a_file_nothing_is_declared(tmp_path):
    read = read_tags(tmp_path / "tags.toml")
    assert read.tags == ()
    assert not read.is_own("session", cookie=True)


@pytest.mark.parametrize(
    ("region", "first"),
    [(None, True), ("de", True), ("eu", True), ("us", False), ("us-ca", False), ("gb", True), ("elsewhere", True)],
)
def test_visitors_are_asked_first_unless_a_law_of_the_policy_lets_tags_run_until_stopped(policy, region, first):
    assert asks_first(policy, region) is first


def test_the_panel_knows_the_outermost_regions_only(policy):
    assert free_regions(policy) == ("us",)
    nowhere = Policy.parse(POLICY.read_text("utf-8").replace("law: [us-federal, us-ca, us-states, eu-gdpr]", "law: [eu-gdpr]"))
    assert free_regions(nowhere) == ()
    assert asks_first(nowhere, "us-ca")
