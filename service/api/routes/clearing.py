"""For finance: agreements, claims, disputes, and the check of the books."""

from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from service.api.deps import DatabaseDep, FinanceCaller, Id, SettingsDep
from service.api.description import may_answer
from service.api.paging import After, Limit, Page, page_of
from service.api.schemas.clearing import (
    AgreementOut,
    AgreementsOut,
    AnswerIn,
    BooksOut,
    CancelIn,
    CheckedOut,
    ClaimOut,
    ClaimSummaryOut,
    DatedIn,
    DisputeIn,
    DisputeOut,
    DrawIn,
    DrawnClaimsOut,
    DrawnOut,
    LoadedOut,
    NoteIn,
)
from service.api.till.bodies import described, read
from service.clearing.agreements import list_agreements, load_agreements
from service.clearing.books import check_books
from service.clearing.disputes import (
    answer_dispute,
    list_disputes,
    open_dispute,
    withdraw_dispute,
)
from service.clearing.draw import draw_claims, draw_due
from service.clearing.issue import cancel_claim, issue_claim
from service.clearing.show import list_claims, show_claim
from service.engine.clearing.claim import ClaimState, DisputeState
from service.files.agreements import AgreementsIn
from service.settings import Settings

router = APIRouter(tags=["clearing"])

_UNKNOWN = may_answer(HTTPStatus.NOT_FOUND)
Account = Annotated[str, Query(max_length=40)]


class ClaimsPage(Page):
    """Some claims, the newest first."""

    claims: list[ClaimSummaryOut]


class DisputesPage(Page):
    """Some disputes, the newest first."""

    disputes: list[DisputeOut]


@router.post("/agreements", response_model=LoadedOut, openapi_extra=described(AgreementsIn))
async def load(
    request: Request, database: DatabaseDep, settings: SettingsDep, caller: FinanceCaller
) -> LoadedOut:
    """Add agreements, or a revision of each that changed; all of them or none."""
    form = await read(request, AgreementsIn)
    loaded = await run_in_threadpool(
        load_agreements, database, settings, form, by=caller.actor, now=datetime.now(UTC)
    )
    return LoadedOut.model_validate(loaded)


@router.get("/agreements", response_model=AgreementsOut)
def agreements(database: DatabaseDep, _caller: FinanceCaller) -> AgreementsOut:
    """The agreements in force."""
    return AgreementsOut(
        agreements=[
            AgreementOut.of(account, each)
            for account, found in list_agreements(database)
            for each in found
        ]
    )


@router.post("/claims", response_model=DrawnClaimsOut, responses=_UNKNOWN)
def draw(
    asked: DrawIn, database: DatabaseDep, settings: SettingsDep, caller: FinanceCaller
) -> DrawnClaimsOut:
    """Draw a claim for each agreement with entries that no claim has; safe to send again."""
    on = _today(settings) if asked.issue else None
    now = datetime.now(UTC)
    if asked.to is None:
        drawn = draw_due(
            database, settings, by=caller.actor, now=now, issue_on=on, account=asked.account
        )
    else:
        drawn = draw_claims(
            database, settings, drawn_to=asked.to, by=caller.actor, now=now, issue_on=on,
            account=asked.account,
        )  # fmt: skip
    return DrawnClaimsOut(claims=[DrawnOut.model_validate(each) for each in drawn])


@router.get("/claims", response_model=ClaimsPage, responses=_UNKNOWN)
def claims(
    database: DatabaseDep,
    _caller: FinanceCaller,
    account: Account = "",
    state: ClaimState | None = None,
    after: After = None,
    limit: Limit = 50,
) -> ClaimsPage:
    """Claims, the newest first."""
    found, cursor = page_of(
        lambda most: list_claims(
            database, account=account, state=state, before_id=after, limit=most
        ),
        limit,
        key=lambda row: row.id,
    )
    return ClaimsPage(claims=[ClaimSummaryOut.of(row) for row in found], cursor=cursor)


@router.get("/claims/{number}", response_model=ClaimOut)
def claim(number: Id, database: DatabaseDep, _caller: FinanceCaller) -> ClaimOut:
    """One claim with its lines; `number` is its `id`."""
    return ClaimOut.of(show_claim(database, number))


@router.post("/claims/{number}/issue", response_model=ClaimOut)
def issue(
    number: Id,
    asked: DatedIn,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: FinanceCaller,
) -> ClaimOut:
    """Issue a draft: it gets its number, its dates and its tax. Issued again it stays as it is."""
    on = asked.on or _today(settings)
    issue_claim(database, number, on=on, by=caller.actor, now=datetime.now(UTC))
    return ClaimOut.of(show_claim(database, number))


@router.post("/claims/{number}/cancel", response_model=ClaimOut)
def cancel(
    number: Id,
    asked: CancelIn,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: FinanceCaller,
) -> ClaimOut:
    """Give up a draft, or credit an issued claim in full; its entries come into a later one."""
    on = asked.on or _today(settings)
    now = datetime.now(UTC)
    cancel_claim(database, number, note=asked.note, on=on, by=caller.actor, now=now)
    return ClaimOut.of(show_claim(database, number))


@router.post("/claims/{number}/disputes", response_model=DisputeOut)
def dispute(
    number: Id,
    asked: DisputeIn,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: FinanceCaller,
) -> DisputeOut:
    """Dispute an amount of a line for its supplier; the rest of the claim stays due."""
    opened = open_dispute(
        database,
        number,
        line=asked.line,
        part=asked.part,
        reason=asked.reason,
        cents=asked.claimed_cents,
        note=asked.note,
        on=_today(settings),
        by=caller.actor,
        now=datetime.now(UTC),
    )
    return DisputeOut.of(opened)


@router.get("/disputes", response_model=DisputesPage)
def disputes(
    database: DatabaseDep,
    _caller: FinanceCaller,
    state: DisputeState | None = None,
    after: After = None,
    limit: Limit = 50,
) -> DisputesPage:
    """Disputes, the newest first."""
    found, cursor = page_of(
        lambda most: list_disputes(database, state=state, before_id=after, limit=most),
        limit,
        key=lambda row: row.id,
    )
    return DisputesPage(disputes=[DisputeOut.of(row) for row in found], cursor=cursor)


@router.post("/disputes/{number}/answer", response_model=DisputeOut)
def answer(number: Id, asked: AnswerIn, database: DatabaseDep, caller: FinanceCaller) -> DisputeOut:
    """Accept all, a part or nothing; what is accepted is credited with its tax."""
    answered = answer_dispute(
        database,
        number,
        accepted_cents=asked.accepted_cents,
        reason=asked.reason,
        note=asked.note,
        by=caller.actor,
        now=datetime.now(UTC),
    )
    return DisputeOut.of(answered)


@router.post("/disputes/{number}/withdraw", response_model=DisputeOut)
def withdraw(number: Id, asked: NoteIn, database: DatabaseDep, caller: FinanceCaller) -> DisputeOut:
    """Give a dispute up for its supplier."""
    now = datetime.now(UTC)
    return DisputeOut.of(
        withdraw_dispute(database, number, note=asked.note, by=caller.actor, now=now)
    )


@router.get("/books", response_model=BooksOut)
def books(database: DatabaseDep, settings: SettingsDep, _caller: FinanceCaller) -> BooksOut:
    """Check every invariant of the books now."""
    checked = check_books(database, settings, now=datetime.now(UTC))
    return BooksOut(
        as_of=checked.as_of,
        is_sound=checked.is_sound,
        checks=[CheckedOut.model_validate(each) for each in checked.checks],
    )


def _today(settings: Settings) -> date:
    return datetime.now(ZoneInfo(settings.timezone)).date()
