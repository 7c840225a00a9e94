"""*Our sites* at the console in a real browser: on a phone, in the dark on a large screen, by keyboard."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.browser.looking import Looker
from tests.browser.test_panel import TAGS
from tests.houses import CLERK
from tests.web.test_sites_pages import REPORT
from upheld.traffic.scanning.actions import record_scan


def test_the_page_of_the_sites_is_sound_with_and_without_a_scan(browser, console, member):
    with Looker.opened(browser, console.address, storage_state=member("privacy")) as phone:
        phone.at("/sites")
        (console.house.home.path / "tags.toml").write_text(TAGS.replace("{port}", "1"))
        with console.house.record.transaction() as tx:
            for _ in range(2):
                record_scan(tx, REPORT, datetime.now(UTC), CLERK)
        phone.at("/sites?scan=2")
        assert phone.page.get_by_role("table", name="What may run, once a visitor allows it").is_visible()
        assert len(phone.by_keyboard()) >= 8
    with Looker.opened(browser, console.address, width=1200, color_scheme="dark", storage_state=member("privacy")) as dark:
        dark.at("/sites")
