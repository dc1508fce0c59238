"""Management's reports as flat rows, the same for files, machines and pages; money in minor units.

Money of a programme's effects is in the currency's main unit, since they are estimates.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from service.results.concentration import ConcentrationReport
from service.results.leaving import Leaving
from service.results.programme import Part, ProgrammeReport
from service.results.sales import SalesRow
from service.results.stores import StoreFigures, StoreRow

Row = dict[str, Any]


def sales_rows(found: Sequence[SalesRow]) -> list[Row]:
    """Each period of each name, and the same a year before."""
    return [
        {
            "from": row.period.first, "to": row.period.last, "name": row.name, **asdict(row.now),
            "from_before": row.as_before.first, "to_before": row.as_before.last,
            **{f"{name}_before": value for name, value in asdict(row.before).items()},
            "change": row.change,
        }
        for row in found
    ]  # fmt: skip


def stores_rows(found: Sequence[StoreRow]) -> list[Row]:
    """Each store, now and a year before."""
    return [
        {
            "store": row.store_id,
            **_of_store(row.now),
            **{f"{name}_before": value for name, value in _of_store(row.before).items()},
        }
        for row in found
    ]


def concentration_rows(found: ConcentrationReport) -> list[Row]:
    """Each share of the households, the best first."""
    return [row._asdict() for row in found.rows]


def leaving_rows(found: Sequence[Leaving]) -> list[Row]:
    """Each household that is about to leave."""
    return [
        {
            "household": row.ref, "tier": row.tier, "year_cents": row.year_cents,
            "last_day": row.last_day, "days_away": row.days_away,
            "usual_days": round(row.usual_days, 1), "chance": row.chance, "visits": row.visits,
            "bought": list(row.bought),
        }
        for row in found
    ]  # fmt: skip


def parts_of(found: ProgrammeReport) -> tuple[Part, ...]:
    """All of a programme, then its classes, regions, cells and categories."""
    return (found.whole, *found.tiers, *found.regions, *found.cells, *found.categories)


def programme_rows(found: ProgrammeReport) -> list[Row]:
    """Each part of a programme: what its households did more, with both ends of 95 %."""
    return [_of_part(part) for part in parts_of(found)]


def _of_part(part: Part) -> Row:
    row: Row = {
        "kind": part.kind, "name": part.name, "households": part.households,
        "held_out": part.held_out, "copies": part.copies,
    }  # fmt: skip
    return row | dict(_effects(part))


def _effects(part: Part) -> Iterator[tuple[str, float | None]]:
    for name in part.effects:
        ends = part.added(name)
        value, low, high = (None, None, None) if ends is None else ends
        yield from ((f"{name}_added", value), (f"{name}_low", low), (f"{name}_high", high))


def _of_store(found: StoreFigures) -> Row:
    return asdict(found) | {
        "ticket_cents": found.ticket_cents,
        "conversion": found.conversion,
        "using_share": found.using_share,
    }
