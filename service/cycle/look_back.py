"""What cycles came to, for people who look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import polars as pl

from service.errors import NotFound
from service.store import audit, batches, cycles, issued
from service.store.session import Database
from service.store.tables.audit import AuditEvent
from service.store.tables.cycle import Batch, BatchState, Cycle

MOST_ROWS = 50


class CycleState(StrEnum):
    """Where the lists of a cycle are. `printed` ones have a batch, those `over` have ended."""

    ISSUED = "issued"
    PRINTED = "printed"
    OVER = "over"
    VOIDED = "voided"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class SeenCycle:
    """A cycle and where its lists are."""

    cycle: Cycle
    state: CycleState


@dataclass(frozen=True, slots=True)
class CyclePage:
    """Some cycles, newest first, and whether there are others on either side."""

    rows: Sequence[SeenCycle]
    has_before: bool
    has_after: bool


@dataclass(frozen=True, slots=True)
class CycleResults:
    """All that is known of one cycle.

    `deals` and `suppliers` are at most `MOST_ROWS` each, those with most copies, as `store.issued`
    gives them. `left_out` counts by reason; `trail` is the newest first.
    """

    seen: SeenCycle
    batch: Batch | None
    deals: pl.DataFrame
    suppliers: pl.DataFrame
    left_out: Sequence[tuple[str, int]]
    trail: Sequence[AuditEvent]


def page_cycles(
    database: Database,
    *,
    today: date,
    after: int | None = None,
    before: int | None = None,
    limit: int,
) -> CyclePage:
    """The cycles below a number, or those just above one."""
    with database.read() as session:
        found = list(cycles.page(session, after=after, before=before, limit=limit + 1))
        is_cut = len(found) > limit
        found = found[-limit:] if before is not None else found[:limit]
        printed = batches.of_cycles(session, [each.id for each in found])
        rows = [SeenCycle(each, _state(each, printed.get(each.id), today)) for each in found]
    return CyclePage(
        rows,
        has_before=is_cut if before is not None else after is not None,
        has_after=True if before is not None else is_cut,
    )


def look_at_cycle(database: Database, number: int, *, today: date) -> CycleResults:
    """One cycle. Raises NotFound."""
    with database.read() as session:
        cycle = cycles.get(session, number)
        if cycle is None:
            raise NotFound("There is no such cycle.")
        batch = batches.of_cycle(session, number)
        return CycleResults(
            seen=SeenCycle(cycle, _state(cycle, batch, today)),
            batch=batch,
            deals=issued.by_deal(session, number, most=MOST_ROWS),
            suppliers=issued.by_supplier(session, number, most=MOST_ROWS),
            left_out=cycles.left_out_by_reason(session, number),
            trail=audit.find(session, subject="cycle", subject_id=str(number)),
        )


def _state(cycle: Cycle, batch: Batch | None, today: date) -> CycleState:
    if cycle.withdrawn_at is not None:
        return CycleState.TAKEN_BACK
    if batch is not None and batch.state == BatchState.VOIDED:
        return CycleState.VOIDED
    if cycle.valid_to < today:
        return CycleState.OVER
    return CycleState.ISSUED if batch is None else CycleState.PRINTED
