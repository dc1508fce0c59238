"""Draw claims: one for each agreement of an account with entries that no claim has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.clearing.issue import issue_drawn
from service.engine.clearing.claim import ClaimState
from service.engine.clearing.standing import number_of
from service.errors import InvalidInput, NotFound
from service.files.report import Progress, silent
from service.settings import Settings
from service.store import audit
from service.store.actor import Actor
from service.store.clearing import accounts, agreements, claims, drawing
from service.store.clearing.drawing import Covered
from service.store.session import Database
from service.store.tables.agreement import Agreement
from service.store.tables.claim import Claim

_BUSY = "Somebody works on the claims of this account right now; draw again."


@dataclass(frozen=True, slots=True)
class DrawnClaim:
    """A claim that was drawn: its id, its number if it was issued, and what it comes to."""

    id: int
    number: str | None
    account_id: int
    entries: int
    lines: int
    total_cents: int


def draw_claims(
    database: Database,
    settings: Settings,
    *,
    drawn_to: date,
    by: Actor,
    now: datetime,
    issue_on: date | None = None,
    account: str = "",
    progress: Progress = silent,
) -> list[DrawnClaim]:
    """Draw the claims up to a day; with `issue_on` they are issued that day at once.

    Each claim is one transaction, so a killed run leaves whole claims, and drawing again goes on:
    entries that a claim has are in no other. Raises NotFound for an unknown account, InvalidInput
    for a day that is not over.
    """
    if drawn_to >= now.astimezone(ZoneInfo(settings.timezone)).date():
        raise InvalidInput(f"{drawn_to} is not over: claims are drawn up to a day before today.")
    with database.read() as session:
        wanted = drawing.waiting(session, drawn_to=drawn_to)
        if account:
            known = accounts.by_number(session, [account])
            if account not in known:
                raise NotFound(f"There is no account {account!r}; see larder agreements list.")
            wanted = [each for each in wanted if each == known[account].id]
    drawn: list[DrawnClaim] = []
    for done, account_id in enumerate(wanted):
        drawn += _draw_account(database, account_id, drawn_to, by=by, now=now, issue_on=issue_on)
        progress("claims", done + 1, len(wanted))
    return drawn


def _draw_account(
    database: Database,
    account_id: int,
    drawn_to: date,
    *,
    by: Actor,
    now: datetime,
    issue_on: date | None,
) -> Iterator[DrawnClaim]:
    with database.read() as session:
        found = [(row, until) for row, until in _in_force(session, account_id)]
    for agreement, until in found:
        covered = Covered(agreement.valid_from, agreement.valid_to, until)

        def act(
            session: Session, agreement: Agreement = agreement, covered: Covered = covered
        ) -> DrawnClaim | None:
            return _draw(session, agreement, covered, drawn_to, by, now, issue_on)

        drawn = database.settle(act, busy=_BUSY)
        if drawn is not None:
            yield drawn


def _in_force(session: Session, account_id: int) -> Iterator[tuple[Agreement, date]]:
    """The agreements of an account, each with the first day of the next."""
    rows = agreements.in_force(session, [account_id])
    firsts = [*(row.valid_from for row in rows[1:]), date.max]
    return zip(rows, firsts, strict=True)


def _draw(
    session: Session,
    agreement: Agreement,
    covered: Covered,
    drawn_to: date,
    by: Actor,
    now: datetime,
    issue_on: date | None,
) -> DrawnClaim | None:
    account_id = agreement.account_id
    accounts.lock(session, account_id)
    suppliers = list(accounts.brands_of(session, account_id))
    found = drawing.gather(session, supplier_ids=suppliers, covered=covered, drawn_to=drawn_to)
    if found is None:
        return None
    claim = claims.add(
        session,
        Claim(
            account_id=account_id,
            agreement_id=agreement.id,
            state=ClaimState.DRAFT,
            drawn_to=drawn_to,
            drawn_at=now,
            first_day=found.first_day,
            last_day=found.last_day,
            total_cents=found.total_cents,
            actor=by.name,
            person_id=by.person_id,
        ),
    )
    lines = drawing.write(session, claim_id=claim.id, account_id=account_id)
    detail = {"entries": found.entries, "total_cents": found.total_cents}
    audit.add(session, by, "draw", "claim", claim.id, at=now, detail=detail)
    if issue_on is not None:
        issue_drawn(session, claim, on=issue_on, by=by, now=now)
    number = number_of(claim.series, claim.serial)
    return DrawnClaim(claim.id, number, account_id, found.entries, lines, claim.total_cents)


def last_month(day: date) -> date:
    """The last day of the month before a day's."""
    return day.replace(day=1) - timedelta(days=1)
