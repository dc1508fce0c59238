"""What leaves clearing for others: suppliers' classes, and postings for a general ledger."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from service.engine.clearing.evaluation import Evaluation, evaluate, quarter_of
from service.errors import InvalidInput
from service.files.clearing.general_ledger import AccountMap, export_postings
from service.settings import Settings
from service.store import retention
from service.store.clearing import posted, quarter
from service.store.clearing.trial import Balance, trial_balance
from service.store.session import Database


def evaluate_suppliers(database: Database, *, day: date) -> tuple[Evaluation, ...]:
    """Every supplier in the quarter that a day is in, the best first.

    Raises Conflict for a quarter whose baskets are not all kept.
    """
    first, last = quarter_of(day)
    with database.read() as session:
        retention.require_baskets(session, first)
        found = quarter.suppliers_in(session, first, last)
    return evaluate(found)


def trial_of(database: Database, *, first: date, last: date) -> list[Balance]:
    """The trial balance of a span of days (UTC), by account. Raises InvalidInput."""
    if first > last:
        raise InvalidInput("%(first)s is after %(last)s.", first=first, last=last)
    with database.read() as session:
        return trial_balance(session, first, last)


def write_postings(
    database: Database,
    settings: Settings,
    file: Path,
    accounts: AccountMap,
    *,
    first: date,
    last: date,
    each: bool,
    now: datetime,
) -> int:
    """Write what was posted from one day to another as CSV; how many lines.

    Raises InvalidInput for days that are not over, since more may be posted on them, and as
    `export_postings` does; then no file is written.
    """
    if last >= now.astimezone(ZoneInfo("UTC")).date():
        raise InvalidInput("%(day)s is not over (UTC): export up to a day before today.", day=last)
    if first > last:
        raise InvalidInput("%(first)s is after %(last)s.", first=first, last=last)
    with database.read() as session:
        found = posted.sums(session, first, last, each=each)
    content, lines = export_postings(found, accounts, currency=settings.currency)
    unfinished = file.with_name(f"{file.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(file)
    return lines
