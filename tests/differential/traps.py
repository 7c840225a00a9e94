"""A history of two versions in which every part of the language decides something, and uses that show it."""

from __future__ import annotations

from upheld.policy.compiled import Policy
from upheld.policy.uses import Use

_FIRST = """---
company: Northgate Systems
title: Privacy policy
version: 2025.1
---

# Words {#words}

```upheld
purpose marketing.phone: calls
topic newsletter stops marketing.email
topic sharing stops marketing.partner
collect order: name, email, purchases
collect web: pages, cookie
collect profile: interests
staff marketing may marketing
```

# Offers {#offers}

```upheld
allow marketing.email using order chosen by profile when opted in to newsletter
allow marketing.post, marketing.phone using order.name unless opted out of sharing or under 16
allow marketing.partner to third party using order.name, order.email
  when recipient is vetted and recipient is under contract and not under 13
allow marketing.post using profile when not known to be under 16
```

# Places {#places}

```upheld
allow measurement using web as totals of at least 10 people
allow measurement using order when not in us-ca
allow recommendation using any when in eu
allow recommendation using web, order.name unless opted in to sharing
allow recommendation using profile when under 16
allow survey.analysis using profile when as totals
allow service to subcontractor using order when recipient serves the person
allow legal.demand to authority using any when recipient shows legal process
```

# Never {#never}

```upheld
forbid any except rights when known to be under 13
forbid marketing to third party using order.email unless opted in to sharing
forbid recommendation using order.purchases together with web.cookie
forbid measurement using web.cookie unless as totals
forbid marketing.phone using any when in eu unless opted in to newsletter
forbid service, measurement using order.email when not opted in to newsletter
forbid marketing.post using order.purchases
```
"""

_SECOND = (
    _FIRST.replace("version: 2025.1", "version: 2026.1")
    .replace(
        "allow marketing.email using order chosen by profile when opted in to newsletter",
        "allow marketing using order, profile chosen by any",
    )
    .replace("forbid marketing.post using order.purchases\n", "forbid survey.analysis using web\n")
    .replace(
        "allow measurement using order when not in us-ca\n",
        "allow measurement using order when not in us-ca\nallow survey.analysis using any\n",
    )
    .replace("forbid service, measurement", "forbid service, measurement, recommendation")
)


def history() -> tuple[Policy, ...]:
    """The two versions: the second allows more here and less there."""
    return Policy.parse(_FIRST, "traps-2025.md"), Policy.parse(_SECOND, "traps-2026.md")


USES = (
    Use("marketing.email", ("order",), chosen_by=("profile.interests",)),
    Use("marketing.email", ("order.email",)),
    Use("marketing.email", chosen_by=("order.purchases", "web.pages")),
    Use("marketing", ("order.name", "profile.interests")),
    Use("marketing.post", ("order.name", "profile.interests"), chosen_by=("order.purchases",)),
    Use("marketing.phone", ("order.name",)),
    Use("marketing.phone", ("order.name",), to="affiliate"),
    Use("marketing.partner", ("order.name", "order.email"), to="third party", vetted=True, under_contract=True),
    Use("marketing.partner", ("order.name",), to="third party", vetted=None, under_contract=True),
    Use("marketing.partner", ("order.name",), to="third party", vetted=True, under_contract=False),
    Use("marketing.partner", ("order.name",), to="third party", vetted=True, under_contract=None),
    Use("recommendation", ("profile.interests",)),
    Use("survey.analysis", ("profile.interests",)),
    Use("survey.analysis", totals=("profile.interests",)),
    Use("measurement", ("order",), totals=("web.pages", "web.cookie"), people=10),
    Use("measurement", totals=("web",), people=9),
    Use("measurement", totals=("web",)),
    Use("measurement", ("web.cookie", "web.pages")),
    Use("recommendation", ("order.purchases", "web.cookie", "profile.interests")),
    Use("recommendation", ("order.purchases", "web.pages")),
    Use("recommendation", ("order.name",), chosen_by=("web.cookie", "order.purchases")),
    Use("service", ("order",), to="subcontractor"),
    Use("survey.analysis", ("web.pages", "order.name")),
    Use("legal.demand", ("order",), to="authority", legal_process=True),
    Use("legal.demand", ("order",), to="authority"),
    Use("rights", ("order.name",)),
    Use("marketing.post", ("order.name",), asked_by="marketing"),
    Use("measurement", ("order.name",), asked_by="marketing"),
)
"""Uses for which some part of the language makes the difference."""
