"""Withdraw a cycle of which nothing was published or used, with its money; or make it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from service.cycle.issue import run_cycle
from service.cycle.report import CycleReport
from service.engine.ledger import Account, Entry, EntryKind, Posting, netted, reversed_entries
from service.errors import Conflict, NotFound
from service.files.report import Progress
from service.notice import Notice
from service.settings import Settings
from service.store import audit, batches, cycles, ledger, lists
from service.store.actor import SERVICE, Actor
from service.store.session import Database
from service.store.tables.cycle import Batch, BatchState, Cycle

_BUSY = Notice("Tills or the press use this cycle; nothing was withdrawn. Try again.")


@dataclass(frozen=True, slots=True)
class WithdrawReport:
    """A withdrawn cycle: the count of its lists, and what their offers' budgets got back."""

    cycle_id: int
    lists: int
    released_cents: int


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What withdrawing a cycle would do: the lists it voids, what budgets get back.

    `hindered` says why it cannot be withdrawn; None where nothing hinders it.
    """

    lists: int
    released_cents: int
    hindered: Notice | None


def look_ahead(database: Database, cycle_id: int) -> Withdrawal:
    """What withdrawing a cycle would do now; nothing is written. Raises NotFound."""
    with database.read() as session:
        cycle = cycles.get(session, cycle_id)
        if cycle is None:
            raise NotFound(f"There is no cycle {cycle_id}.")
        if cycle.withdrawn_at is not None:
            return Withdrawal(0, 0, None)
        batch = batches.of_cycle(session, cycle_id)
        hindered = _printed(cycle_id, batch) if batch is not None else None
        if hindered is None and not lists.all_open(session, cycle_id):
            hindered = _used(cycle_id)
        released = _budgets(_undone(session, cycle))
    return Withdrawal(cycle.summary.get("lists", 0), released, hindered)


def withdraw_cycle(database: Database, cycle_id: int, *, by: Actor = SERVICE) -> WithdrawReport:
    """Void every list of a cycle and reverse all that it moved, in one transaction.

    Withdrawing again gives the same report. Raises NotFound when there is no such cycle, Conflict
    when it has a batch, or a list of it was used or has ended.
    """

    def write(session: Session) -> WithdrawReport:
        cycle = cycles.lock(session, cycle_id)
        if cycle is None:
            raise NotFound(f"There is no cycle {cycle_id}.")
        if cycle.withdrawn_at is None:
            now = datetime.now(UTC)
            _withdraw(session, cycle, at=now)
            audit.add(session, by, "withdraw", "cycle", cycle_id, at=now)
        return WithdrawReport(
            cycle_id, cycle.summary["withdrawn_lists"], cycle.summary["released_cents"]
        )

    return database.settle(write, busy=_BUSY)


def recompose_cycle(
    database: Database,
    settings: Settings,
    cycle_id: int,
    *,
    progress: Progress,
    by: Actor = SERVICE,
) -> CycleReport:
    """Withdraw a cycle, then make and issue it again as its next revision, under new codes.

    A run that is killed in between leaves the cycle withdrawn, and recomposing goes on from there.
    Raises as `withdraw_cycle` and `run_cycle` do.
    """
    withdraw_cycle(database, cycle_id, by=by)
    with database.read() as session:
        cycle = cycles.get(session, cycle_id)
    assert cycle is not None
    return run_cycle(
        database,
        settings,
        as_of=cycle.as_of,
        seed=cycle.seed,
        progress=progress,
        again=cycle_id,
        by=None if by is SERVICE else by,
    )


def _withdraw(session: Session, cycle: Cycle, *, at: datetime) -> None:
    batch = batches.of_cycle(session, cycle.id)
    if batch is not None:
        raise Conflict(_printed(cycle.id, batch))
    # Tills that write a use of one of these lists come before, or find it voided.
    ids, open_ids = lists.lock_of_cycle(session, cycle.id)
    if len(open_ids) < len(ids) or lists.any_used(session, ids):
        raise Conflict(_used(cycle.id))
    lists.void(session, ids)
    undone = _undone(session, cycle)
    if undone:
        name = f"{cycles.postings(cycle)[0]}-withdrawn"
        ledger.post(session, Posting(name, EntryKind.CYCLE_WITHDRAWAL, at, undone))
    cycles.forget_results(session, cycle.id)
    cycle.withdrawn_at = at
    cycle.summary = {
        **cycle.summary,
        "withdrawn_lists": len(ids),
        "released_cents": _budgets(undone),
    }
    session.add(cycle)
    session.flush()


def _undone(session: Session, cycle: Cycle) -> tuple[Entry, ...]:
    """The entries that undo all that a cycle's revision moved."""
    return netted(reversed_entries(ledger.entries_of(session, [*cycles.postings(cycle)])))


def _budgets(entries: Sequence[Entry]) -> int:
    return sum(each.amount_cents for each in entries if each.account == Account.BUDGET)


def _printed(cycle_id: int, batch: Batch) -> Notice:
    return Notice(
        "Cycle %(cycle)s has batch %(batch)s, which is %(state)s; a cycle is withdrawn only before "
        "it is published.",
        cycle=cycle_id,
        batch=batch.id,
        state=BatchState(batch.state),
    )


def _used(cycle_id: int) -> Notice:
    return Notice(
        "Lists of cycle %(cycle)s were used or have ended; it stays as it is.", cycle=cycle_id
    )
