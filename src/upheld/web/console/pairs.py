"""*One person or two?*: records that may be one person's, as the night proposed them; a clerk joins two, or keeps them apart.

Nothing of a record is shown but where it lies and how it compares with the other.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from upheld.errors import Invalid, No, NotFound
from upheld.people.trained import in_use
from upheld.people.weights import Weights
from upheld.requests.pairs import Pair, Pairs, decide, decided
from upheld.systems.connector import Failed
from upheld.systems.indexing import open_index
from upheld.web.console.staff import staff
from upheld.web.surroundings import Surroundings, surroundings

SHOWN: Final = 20


@require_safe
@staff("rights")
def page(request: HttpRequest) -> HttpResponse:
    """The pairs that nobody has judged, the first of them; both rows are read now, and forgotten."""
    around = surroundings()
    with around.reading() as (conn, _posted):
        known, weights = decided(conn), in_use(conn)
    found: list[Pair] = []
    count, missing = 0, ""
    try:
        proposed = _proposed(around, weights)
        count = len(proposed)
        found += islice(proposed.open(known), SHOWN)
    except (Failed, No) as refused:
        missing = str(refused)
    said = {"pairs": found, "count": count, "missing": missing, "section": "requests"}
    return render(request, "console/pairs.html", said, status=503 if missing and count else 200)


@require_POST
@staff("rights")
def judge(request: HttpRequest) -> HttpResponse:
    """Decide about one pair. Of an older index, or with a record that is gone, nothing is decided."""
    name, decision = request.POST.get("pair", ""), request.POST.get("decision", "")
    if decision not in {"same", "different"}:
        raise Invalid("say whether the two are one person's: `same` or `different`")
    around = surroundings()
    with around.reading() as (conn, _posted):
        weights = in_use(conn)
    try:
        pair = _proposed(around, weights).named(name)
    except NotFound:
        messages.error(request, _("This pair is not proposed any more: the records were read anew since, or one of them is gone."))
        return redirect("pairs")
    except Failed as failed:
        messages.error(request, str(failed))
        return redirect("pairs")
    with around.writing() as (tx, _posted):
        decide(tx, pair, same=decision == "same", at=around.now(), actor=request.member.actor)
    messages.success(
        request,
        _("One person: whoever is taken off by one of the two is taken off by both, from the next night on.")
        if decision == "same"
        else _("Two people: they are never joined."),
    )
    return redirect("pairs")


def _proposed(around: Surroundings, weights: Weights) -> Pairs:
    systems = around.systems()
    return Pairs(around.home, open_index(around.home), systems.datamap, systems.open_system, weights)
