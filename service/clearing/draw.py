"""Draw claims: one for each agreement of an account with entries that no claim has."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.clearing.issue import issue_drawn
from service.engine.clearing.claim import ClaimState
from service.engine.clearing.standing import closed_month, number_of
from service.errors import InvalidInput, NotFound
from service.files.report import Progress, silent
from service.notice import Notice
from service.settings import Settings
from service.store import audit
from service.store.actor import Actor
from service.store.clearing import accounts, agreements, claims, drawing
from service.store.clearing.drawing import Covered
from service.store.session import Database
from service.store.tables.agreement import Agreement
from service.store.tables.claim import Claim

_BUSY = Notice("Somebody works on the claims of this account right now; draw again.")


@dataclass(frozen=True, slots=True)
class DrawnClaim:
    """A claim that was drawn: its id, its number if it was issued, and what it comes to."""

    id: int
    number: str | None
    account_id: int
    entries: int
    lines: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class _Order:
    """By whom and when claims are drawn, and with which date they are issued, if at once."""

    by: Actor
    now: datetime
    issue_on: date | None = None


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
    if drawn_to >= _today(settings, now):
        raise InvalidInput(
            "%(day)s is not over: claims are drawn up to a day before today.", day=drawn_to
        )
    order = _Order(by, now, issue_on)
    drawn: list[DrawnClaim] = []
    wanted = _wanted(database, account)
    for done, account_id in enumerate(wanted):
        for agreement, covered in _in_force(database, account_id):
            drawn += _draw(database, agreement, covered, drawn_to, order)
        progress("claims", done + 1, len(wanted))
    return drawn


def draw_due(
    database: Database,
    settings: Settings,
    *,
    by: Actor,
    now: datetime,
    issue_on: date | None = None,
    account: str = "",
    progress: Progress = silent,
) -> list[DrawnClaim]:
    """Draw once a month for each agreement: the newest month whose days of grace are over.

    What comes in later waits for the next month's. Safe to run any day and any number of times.
    """
    today = _today(settings, now)
    order = _Order(by, now, issue_on)
    drawn: list[DrawnClaim] = []
    wanted = _wanted(database, account)
    for done, account_id in enumerate(wanted):
        for agreement, covered in _in_force(database, account_id):
            drawn_to = closed_month(today, grace_days=agreement.grace_days)
            with database.read() as session:
                is_drawn = claims.drawn_to(session, agreement) >= drawn_to
            if not is_drawn:
                drawn += _draw(database, agreement, covered, drawn_to, order)
        progress("claims", done + 1, len(wanted))
    return drawn


def _today(settings: Settings, now: datetime) -> date:
    return now.astimezone(ZoneInfo(settings.timezone)).date()


def _wanted(database: Database, account: str) -> list[int]:
    """The accounts with agreements, or one of them."""
    with database.read() as session:
        wanted = sorted({row.account_id for row in agreements.in_force(session)})
        if not account:
            return wanted
        known = accounts.by_number(session, [account])
    if account not in known:
        raise NotFound(
            "There is no account %(account)s; see larder agreements list.", account=account
        )
    return [each for each in wanted if each == known[account].id]


def _in_force(database: Database, account_id: int) -> list[tuple[Agreement, Covered]]:
    """The agreements of an account with the days they cover, the earliest first."""
    with database.read() as session:
        rows = agreements.in_force(session, [account_id])
    nexts = [*(row.valid_from for row in rows[1:]), date.max]
    return [
        (row, Covered(row.valid_from, row.valid_to, until))
        for row, until in zip(rows, nexts, strict=True)
    ]


def _draw(
    database: Database, agreement: Agreement, covered: Covered, drawn_to: date, order: _Order
) -> list[DrawnClaim]:
    """The claim of an agreement, if there is anything to claim."""
    account_id = agreement.account_id

    def act(session: Session) -> list[DrawnClaim]:
        accounts.lock(session, account_id)
        suppliers = list(accounts.brands_of(session, account_id))
        found = drawing.gather(session, supplier_ids=suppliers, covered=covered, drawn_to=drawn_to)
        if found is None:
            drawing.move_marks(session, drawn_to=drawn_to, now=order.now)
            return []
        claim = claims.add(
            session,
            Claim(
                account_id=account_id,
                agreement_id=agreement.id,
                state=ClaimState.DRAFT,
                drawn_to=drawn_to,
                drawn_at=order.now,
                first_day=found.first_day,
                last_day=found.last_day,
                total_cents=found.total_cents,
                actor=order.by.name,
                person_id=order.by.person_id,
            ),
        )
        lines = drawing.write(session, claim_id=claim.id, account_id=account_id)
        drawing.move_marks(session, drawn_to=drawn_to, now=order.now)
        detail = {"entries": found.entries, "total_cents": found.total_cents}
        audit.add(session, order.by, "draw", "claim", claim.id, at=order.now, detail=detail)
        if order.issue_on is not None:
            issue_drawn(session, claim, on=order.issue_on, by=order.by, now=order.now)
        number = number_of(claim.series, claim.serial)
        return [DrawnClaim(claim.id, number, account_id, found.entries, lines, claim.total_cents)]

    return database.settle(act, busy=_BUSY)
