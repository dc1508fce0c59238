"""What an operator watches: what waits, for how long, and what must not be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from service.files.disks import disks_of
from service.settings import Settings
from service.store import counts, ledger, loop, messages, recount, work
from service.store.history import check, place
from service.store.offers import totals
from service.store.session import Database

MOST_COUNTED = 100_001
FAILED_WITHIN = timedelta(days=1)
LEFT_BELOW_PERCENT = 10
LATE = timedelta(minutes=15)
"""A household whose next list waits for so long, or a run that nobody takes, has no worker."""
LEAST_FREE = 0.05
"""Of a disk."""
_LISTED_SECONDS = 600.0
"""Between two looks at what lies in an object store."""
_NIGHT = timedelta(hours=26)
"""Between two nights, when clocks change."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """Counts end at `MOST_COUNTED`; ages are seconds, free is the least share of any disk."""

    households_due: int
    due_seconds: float
    runs_waiting: int
    runs_waiting_seconds: float
    runs_failed: int
    slots_unfinished: int
    slot_seconds: float | None
    lists_open: int
    disputes_open: int
    till_disputes_open: int
    budgets_short: int
    budgets_left_cents: int
    forecast_days: int | None
    messages_not_sent: int
    unbalanced_postings: int
    corrected_sums: int
    history_damaged: int
    disk_free: float


def read_vitals(database: Database, settings: Settings, *, now: datetime) -> Vitals:
    """Read everything in one transaction. Raises Misconfigured for a database that is away."""
    today = now.astimezone(ZoneInfo(settings.timezone)).date()
    with database.read() as session:
        queue = work.queue(session, now=now, most=MOST_COUNTED)
        oldest_run = counts.oldest_waiting_run(session)
        newest_slot = work.newest_finished(session)
        budgets = totals.budgets(session, left_below_percent=LEFT_BELOW_PERCENT)
        forecast = counts.newest_forecast(session)
        return Vitals(
            households_due=queue.due,
            due_seconds=_age(queue.oldest, now),
            runs_waiting=counts.waiting_runs(session),
            runs_waiting_seconds=_age(oldest_run, now),
            runs_failed=loop.failed_runs(session, since=now - FAILED_WITHIN),
            slots_unfinished=work.count_unfinished(session, before=now),
            slot_seconds=None if newest_slot is None else _age(newest_slot, now),
            lists_open=counts.lists(session, "issued"),
            disputes_open=counts.open_disputes(session),
            till_disputes_open=counts.open_till_disputes(session),
            budgets_short=budgets.short,
            budgets_left_cents=budgets.budget_cents - budgets.committed_cents,
            forecast_days=None if forecast is None else (today - forecast).days,
            messages_not_sent=messages.count_not_sent(session, since=now - FAILED_WITHIN),
            unbalanced_postings=len(ledger.imbalance(session)),
            corrected_sums=recount.newest(session)[1],
            history_damaged=len(check.by_size(session, listed_within=_LISTED_SECONDS)),
            disk_free=_least_free(database, settings),
        )


def wrong(vitals: Vitals) -> Sequence[str]:
    """What must be looked at, the worst first, each with what to do; nothing when all is well."""
    found = []
    if vitals.unbalanced_postings:
        found.append(
            f"{vitals.unbalanced_postings} postings of the ledger do not balance: somebody wrote "
            "to the database beside Larder. Run `larder books check`; restore what it names."
        )
    if vitals.disk_free < LEAST_FREE:
        found.append(
            f"a disk has {vitals.disk_free:.1%} left: without room no sale is stored. Make room; "
            "docs/operations.md says what may go."
        )
    if vitals.history_damaged:
        found.append(
            f"{vitals.history_damaged} files of history are missing or cut: forecasts and cycles "
            "stop. `larder history status` names them; bring them back from a backup."
        )
    if vitals.due_seconds > LATE.total_seconds():
        found.append(
            f"{vitals.households_due} households wait for their next list, the first for "
            f"{_said(vitals.due_seconds)}: no worker is running, or too few. Start `larder work`."
        )
    if vitals.runs_waiting_seconds > LATE.total_seconds():
        found.append(
            f"a run has waited for {_said(vitals.runs_waiting_seconds)}: no worker takes it. "
            "Start `larder work`; `larder runs list` names it."
        )
    if vitals.slots_unfinished:
        found.append(
            f"{vitals.slots_unfinished} planned jobs began and did not end: the log of the "
            "scheduler says why. They are tried again every five minutes."
        )
    if vitals.slot_seconds is not None and vitals.slot_seconds > _NIGHT.total_seconds():
        found.append(
            f"no planned job has ended for {_said(vitals.slot_seconds)}: no scheduler is running. "
            "Start `larder schedule`."
        )
    if vitals.runs_failed:
        found.append(f"{vitals.runs_failed} runs failed within a day: `larder runs list` says why.")
    if vitals.messages_not_sent:
        found.append(
            f"{vitals.messages_not_sent} messages to households came too late or may not have gone "
            "out within a day: the log of `larder work` says why. Ask the mail server of "
            "LARDER_SMTP_HOST."
        )
    if vitals.corrected_sums:
        found.append(
            f"{vitals.corrected_sums} sums of deals were wrong last night and are corrected; if "
            "that happens again, report it."
        )
    return found


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _said(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _least_free(database: Database, settings: Settings) -> float:
    folders = [settings.output_folder, settings.runs_folder, *place.folders(settings.history_store)]
    if database.is_sqlite:
        folders.append(Path(database.url.removeprefix("sqlite:///")).parent)
    return min(disk.free_bytes / disk.total_bytes for disk in disks_of(folders))
