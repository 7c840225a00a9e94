"""Sites really served, looked at by a real browser: each fault is found with its evidence, and a good site is found good."""

from __future__ import annotations

import json

from upheld.traffic.scanning.queries import scans


def test_a_site_that_keeps_its_promises_has_no_fault(scan, posted, local):
    ran = scan("good.test", "--pages", "3")
    assert (ran.code, ran.err) == (0, "")
    assert ran.rules == ["unlisted-link"]  # a warning: the carrier is not in links.toml
    assert [page["address"] for page in ran.said["pages"]] == ["http://good.test/", "http://good.test/goods", "http://good.test/terms"]
    (hits,) = [each for each in ran.said["hosts"] if each["host"] == "hits.counters.test"]
    assert (hits["tag"], hits["phases"]) == ("visits", ["after acceptance"])
    kept = {(each["kind"], each["name"]): each for each in ran.said["kept"]}
    counted = kept["cookie", "_vc"]
    assert (counted["tag"], counted["days"], counted["phases"]) == (
        "visits",
        1,
        ["after acceptance"],
    )
    assert kept["cookie", "choice"]["own"]
    assert kept["storage", "cart"]["own"]
    pressed = {panel["phase"]: panel["pressed"] for panel in ran.said["panels"]}
    assert pressed == {"before choice": False, "after refusal": True, "after acceptance": True, "with the signal": False}
    assert any(line == "good.test/ gpc=1" for line in local.asked())
    assert "12345" not in ran.out  # the values of parameters are nobody's business
    assert "parcel" not in ran.out


def test_a_tracker_that_nothing_names_is_found_with_who_it_is_and_who_sent_it_and_is_recorded(scan, posted):
    ran = scan("early.test")
    assert ran.code == 1
    assert ran.rules == ["unnamed-storage", "unnamed-third-party", "unnamed-tracker"]
    said = {each["message"].split(" (")[0]: each for each in ran.of("unnamed-tracker")}
    by_host = said["`static.hotjar.com` is Hotjar, site analytics; no declared tag names it"]
    assert by_host["page"] == "http://early.test/"
    assert by_host["evidence"][0].startswith("before choice: GET http://static.hotjar.com/c/hotjar-1.js?sv on http://early.test/")
    assert any("POST http://static.hotjar.com/beacon?id" in line and "sent by" in line for line in by_host["evidence"])
    assert "`_ga` is a cookie of Google Analytics" in " ".join(said)
    assert "400 days" in str(said)
    (other,) = ran.of("unnamed-third-party")
    assert other["message"].startswith("`pixels.test`, of whom nothing is known, is sent visitors")
    assert "medicine" not in ran.out
    (storage,) = ran.of("unnamed-storage")
    assert (
        storage["message"]
        == "nothing declares the key of storage `shopperno` (before choice, after refusal, after acceptance, with the signal)"
    )
    with posted.record.reading() as conn:
        (kept,) = scans(conn)
        (entry,) = conn.exec_driver_sql("SELECT canonical FROM ledger_entry WHERE kind = 'site.scanned'").scalars()
    assert kept.report == ran.said
    assert kept.errors == len(ran.said["findings"]) - len(ran.of("unlisted-link"))
    body = json.loads(entry)["body"]
    assert (body["report"], body["findings"]) == (kept.hash, {"unnamed-storage": 1, "unnamed-third-party": 1, "unnamed-tracker": 2})


def test_a_declared_tag_that_hears_nobody_is_found_in_each_pass(scan):
    ran = scan("deaf.test")
    assert ran.code == 1
    assert ran.rules == ["fires-after-refusal", "fires-before-choice", "fires-despite-signal"]
    (refused,) = ran.of("fires-after-refusal")
    assert refused["message"] == "the tag `visits` of Visit Counters Ltd runs although the visitor refused"
    assert refused["evidence"][0].startswith("after refusal: GET http://cdn.counters.test/c.js on http://deaf.test/")


def test_where_visitors_need_not_be_asked_a_tag_may_run_until_it_is_refused_and_sarif_says_so(scan, tmp_path):
    from tests.web.sites import POLICY

    american = tmp_path / "american.md"
    text = POLICY.read_text("utf-8").replace("territory: [us, eu]", "territory: [us]").replace(", eu-gdpr]", "]")
    american.write_text(text, "utf-8")
    ran = scan("deaf.test", "--policy", str(american), form="sarif")
    (run,) = ran.said["runs"]
    assert sorted(result["ruleId"] for result in run["results"]) == ["fires-after-refusal", "fires-despite-signal"]
    places = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]}
    assert places == {"http://deaf.test/"}
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {"fires-after-refusal", "fires-despite-signal"}


def test_a_broken_panel_is_found(scan):
    assert scan("forgetful.test").rules == ["panel-forgets"]
    assert scan("stuck.test").rules == ["panel-stuck"]
    assert scan("sided.test").rules == ["panel-one-sided"]
    silent = scan("silent.test", form="text")
    assert silent.code == 1
    assert "not tried: after refusal, after acceptance" in silent.out
    assert "error: no choice panel can be used within 5 seconds; put the panel's script into every page [panel-missing]" in silent.out


def test_a_panel_is_found_in_other_words_and_in_a_frame(scan):
    german = scan("german.test")
    assert (german.code, german.rules) == (0, [])
    framed = scan("framed.test", "--accept", "button:last-of-type", "--refuse", "button:first-of-type")
    assert [(panel["phase"], panel["pressed"], panel["closed"]) for panel in framed.said["panels"]][1:3] == [
        ("after refusal", True, True),
        ("after acceptance", True, True),
    ]
    assert framed.rules == ["panel-despite-signal"]


def test_a_link_about_rights_that_does_not_reach_its_page_is_found(scan):
    ran = scan("astray.test")
    assert ran.code == 1
    assert ran.rules == ["rights-link-broken"]
    assert sorted(each["message"] for each in ran.of("rights-link-broken")) == [
        "the link `Cookie settings` leads to a place `#nothing` that its page does not have",
        "the link `Do not sell my data` leads to a page where nothing can be chosen",
        "the link `Privacy policy` answers 404",
        "the link `Your choices` leads back to the front page",
    ]


def test_a_page_without_the_link_to_rights_is_found(scan):
    ran = scan("silent.test", tags='sites = ["silent.test"]\nrights = ["http://privacy.test/stop"]\n')
    assert ran.rules == ["rights-link-missing"]


def test_a_tag_that_the_policy_does_not_bear_out_is_a_finding_itself(scan):
    from tests.traffic.conftest import TAGS

    ran = scan("good.test", "--pages", "1", tags=TAGS.replace('"measurement"', '"marketing.partner"'))
    (differs,) = ran.of("tag-differs")
    assert "no clause allows `marketing.partner` using `tracking.pages`" in differs["message"]


def test_linked_sites_are_offered_to_the_list_of_the_centre(scan, posted):
    from tests.traffic.running import upheld

    scan("good.test", "--pages", "1")
    links = posted.home.path / "links.toml"
    assert upheld(posted, "traffic", "links").out == "carriers.test: not listed; on http://good.test/\n"
    links.write_text(upheld(posted, "traffic", "links", "--toml").out)
    assert 'name = "Our carrier"\naddress = "http://carriers.test/"' in links.read_text()
    assert upheld(posted, "traffic", "links").out == "carriers.test: its policy was not read yet; on http://good.test/\n"
    assert scan("good.test", "--pages", "1").rules == []


def test_what_cannot_be_scanned_is_refused_in_one_line(scan, local):
    gone = scan("gone.test", "--resolve", "gone.test=127.0.0.1:1")
    assert (gone.code, gone.err) == (2, "upheld: `http://gone.test/` does not open: is it served, and does its name lead there?\n")
    away = scan("silent.test/away")
    assert (away.code, away.err) == (
        2,
        "upheld: `http://silent.test/away` leads to `http://good.test/`: scan that, or add its host to `sites` of `tags.toml`\n",
    )
    false = scan("good.test", "--browser", "/bin/false")
    assert (false.code, false.err.count("\n")) == (2, 1)
    assert "upheld: the browser `/bin/false` does not start (" in false.err
    assert "<launch" not in false.err + false.out
    chosen = scan("good.test", "--accept", "###")
    assert (chosen.code, chosen.err) == (2, "upheld: `--accept ###` names no button: give a CSS selector, such as `#accept`\n")
    nothing = scan("good.test", "--browser", "/nowhere/chromium")
    assert (nothing.code, nothing.err) == (
        2,
        "upheld: there is no Chromium on this machine: install one, or name it with `--browser`\n",
    )


def test_a_page_that_leads_in_a_circle_is_broken_and_nothing_is_read_of_it(scan):
    ran = scan("good.test", "http://good.test/round")
    (broken,) = ran.of("page-broken")
    assert "http://good.test/round" in broken["message"]
    assert "chrome-error" not in ran.out
    assert "google" not in ran.out


def test_our_own_panel_passes_a_scan(scan, local, tmp_path):
    from tests.browser import test_panel
    from tests.browser.served import served

    tags = test_panel.TAGS.partition('[[tag]]\nname = "sold"')[0].replace("{port}", str(local.port))
    with served(tmp_path / "served", "centre", lambda posted: (posted.home.path / "tags.toml").write_text(tags)) as centre:
        port = centre.address.rpartition(":")[2]
        address = f"shop.localhost:{local.port}/panelled?centre={port}"
        ran = scan(address, tags=f'rights = ["{centre.address}/choices"]\n{tags}')
    assert (ran.code, ran.rules) == (0, [])
    pressed = {panel["phase"]: (panel["pressed"], panel["closed"]) for panel in ran.said["panels"]}
    assert pressed["after refusal"] == pressed["after acceptance"] == (True, True)
    assert {host["host"]: host["phases"] for host in ran.said["hosts"]} == {
        "counters.localhost": ["after acceptance"],
        "offers.localhost": ["after acceptance"],
    }
