"""What the page of one deal shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.console import deal_words
from service.console.routes.deal_acts import may_do
from service.deals import listing, results, steer
from service.deals.burn import burn
from service.deals.results import DealResults, possible_acts
from service.engine.lifecycle import Act
from service.engine.money import format_money
from service.errors import NotFound
from service.files import layouts
from service.pages.charts import Chart, FunnelStep, burn_down, funnel
from service.pages.deal_charts import uses_by_day
from service.pages.languages import Language
from service.pages.visitor import Member
from service.settings import Settings
from service.store.session import Database
from service.store.tables.offer import OfferEvent

_MOST_STORES = 10


def row_of(database: Database, settings: Settings, member: Member, number: int) -> dict[str, Any]:
    """A deal as the table shows it. Raises NotFound."""
    found = listing.deals_with_words(
        database, [number], language=member.language.tag, currency=settings.currency
    )
    if not found:
        raise NotFound("There is no such deal.")
    return found[0]


def look_at(
    database: Database, settings: Settings, member: Member, number: int
) -> Mapping[str, Any]:
    """All that the page of a deal shows. Raises NotFound."""
    current, trail = steer.current_revisions(database, number)
    rows = listing.deals_with_words(
        database,
        [each["offer_id"] for each in current],
        language=member.language.tag,
        currency=settings.currency,
    )
    # The one that runs, and the one that would take its place.
    deal, newer = rows[0], rows[1] if len(rows) > 1 else None
    came_to = results.results_of(database, number)
    acts = {
        row["offer_id"]: [act for act in possible_acts(row) if may_do(member, act)] for row in rows
    }
    return {
        "deal": deal,
        "newer": newer,
        "acts": acts,
        "came_to": came_to,
        "trail": list(reversed(trail)),
        "approval": _approval(trail, deal["revision"]),
        "tongues": [
            (tag, deal_words.tongue(member.language, tag))
            for tag in layouts.wordings()
            if tag != member.language.tag
        ],
        "words": deal_words,
        "most_stores": _MOST_STORES,
        "charts": _charts(member.language, settings, deal, came_to),
    }


def _approval(trail: Sequence[tuple[int, OfferEvent]], revision: int) -> OfferEvent | None:
    """What let a revision run: its newest approval; None where it was loaded without one."""
    of_it = [event for number, event in trail if number == revision and event.act == Act.APPROVE]
    return of_it[-1] if of_it else None


def _charts(
    language: Language, settings: Settings, deal: Mapping[str, Any], came_to: DealResults
) -> dict[str, Chart]:
    def money(cents: float) -> str:
        return format_money(round(cents), settings.currency, language.tag)

    charts = {"funnel": _funnel(language, deal, came_to)}
    if came_to.uses:
        charts["days"] = uses_by_day(language, came_to)
    if deal["budget_cents"] is not None:
        burned = burn(deal["budget_cents"], came_to.spent_by_day, until=deal["redeem_to"])
        if burned is not None:
            charts["budget"] = burn_down("budget", burned, language=language, write=money)
    return charts


def _funnel(language: Language, deal: Mapping[str, Any], came_to: DealResults) -> Chart:
    steps = [
        (language.text("Copies issued"), deal["issued"]),
        (language.text("Uses still open"), came_to.open_uses),
        (language.text("Uses at the till"), came_to.uses),
    ]
    return funnel(
        "funnel",
        [FunnelStep(name, number, language.number(number)) for name, number in steps],
        title=language.text("From print to till"),
        description=language.text(
            "Of %(issued)s copies, %(uses)s uses were made; %(open)s can still be made.",
            issued=language.number(deal["issued"]),
            open=language.number(came_to.open_uses),
            uses=language.number(came_to.uses),
        ),
        language=language,
    )
