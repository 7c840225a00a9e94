"""Finding a choice panel as a visitor would: ours by its marks, any other by the words on its buttons, in the page and in its frames."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final, Literal

from upheld.traffic.scanning.browser import Visit
from upheld.traffic.scanning.seen import Panel

if TYPE_CHECKING:
    from playwright.sync_api import Locator

Button = Literal["accept", "refuse"]
USABLE_WITHIN: Final = 5.0  # seconds; later is not usable (CCPA: a panel that is not there is a choice that is not there)
MARKS: Final[dict[Button, str]] = {"accept": "[data-upheld=all]", "refuse": "[data-upheld=none]"}
OPENS: Final = "[data-upheld=open]"
WORDS: Final[dict[Button, re.Pattern[str]]] = {
    "accept": re.compile(
        r"^\s*(i )?(accept|allow|agree|consent|yes, (i )?(accept|allow|agree)|aceptar|acepto|permitir|alle akzeptieren|akzeptieren|"
        r"zustimmen|accepter|tout accepter|j'accepte|accetta|aceitar|accepteren)\b",
        re.IGNORECASE,
    ),
    "refuse": re.compile(
        r"^\s*(i )?(refuse|reject|decline|deny|disagree|do not (accept|allow)|don't (accept|allow)|only (strictly )?necessary|"
        r"(strictly )?necessary only|use necessary|continue without|no,? thanks?|rechazar|denegar|no acepto|ablehnen|alle ablehnen|"
        r"nur notwendige|refuser|tout refuser|continuer sans|rifiuta|recusar|weigeren)\b",
        re.IGNORECASE,
    ),
}


class Finder:
    """Finds the buttons. `selectors` are the merchant's own, if its panel has other words."""

    def __init__(self, selectors: dict[Button, str] | None = None) -> None:
        self.selectors = selectors or {}

    def button(self, visit: Visit, which: Button) -> Locator | None:
        """The visible button, if there is one."""
        from playwright.sync_api import Error

        for frame in visit.tab.frames:
            own = self.selectors.get(which)
            ways = [frame.locator(own)] if own else [frame.locator(MARKS[which]), frame.get_by_role("button", name=WORDS[which])]
            for found in ways:
                try:
                    if found.count() and found.first.is_visible():
                        return found.first
                except Error:
                    continue  # the frame went while it was looked at
        return None

    def meet(self, visit: Visit, *, open_it: bool = False, within: float = USABLE_WITHIN) -> Panel:
        """Wait for a panel, as long as it may take. `open_it`: press the button that opens ours, where it does not open by itself."""
        began = time.monotonic()
        while True:
            accept, refuse = self.button(visit, "accept"), self.button(visit, "refuse")
            if accept and not refuse:  # it may still be drawn
                visit.tab.wait_for_timeout(200)
                refuse = self.button(visit, "refuse")
            took = time.monotonic() - began
            if accept or refuse:
                return Panel(visit.phase, accept is not None, refuse is not None, round(took, 1))
            opener = visit.tab.locator(OPENS)
            if opener.count() and opener.first.is_visible():
                if not open_it:
                    return Panel(visit.phase, accept=False, refuse=False, seconds=None)
                opener.first.click()
            if took > within:
                return Panel(visit.phase, accept=False, refuse=False, seconds=None)
            visit.tab.wait_for_timeout(200)

    def press(self, visit: Visit, which: Button) -> bool:
        """Press it; whether the panel was gone within the time."""
        from playwright.sync_api import Error

        button = self.button(visit, which)
        if button is None:
            return False
        try:
            button.click(timeout=USABLE_WITHIN * 1000)
        except Error:
            return False
        began = time.monotonic()
        while time.monotonic() - began < USABLE_WITHIN:
            if self.button(visit, "accept") is None and self.button(visit, "refuse") is None:
                return True
            visit.tab.wait_for_timeout(200)
        return False
