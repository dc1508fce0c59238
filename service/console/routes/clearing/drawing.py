"""Draw claims after a look at what they would be, and issue many drafts at once."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from service.admin import runs
from service.clearing.issue import issue_claim
from service.clearing.look_ahead import look_at_drafts, look_at_draw
from service.console.routes.clearing.base import PATH, Clears, Word, now, today
from service.engine.clearing.standing import last_month
from service.errors import Conflict, InvalidInput
from service.pages import page
from service.pages.flash import Message, Tone
from service.pages.visitor import DatabaseDep, SettingsDep
from service.store.clearing import accounts
from service.store.clearing.claims import Summary
from service.store.clearing.outlook import Ahead
from service.store.session import Database
from service.store.tables.cycle import RunState

router = APIRouter(prefix=PATH)

MOST_DRAFTS = 200
"""So many drafts are issued at once."""


@router.get("/draw")
def draw_page(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    _by: Clears,
    to: Annotated[date | None, Query()] = None,
    account: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Up to which day, and what claims would be drawn then."""
    with database.read() as session:
        payers = accounts.every(session)
    found = [] if to is None else _look(database, to, account)
    return page.show(
        request,
        "clearing/draw.html",
        to=to or last_month(today(settings)),
        is_asked=to is not None,
        account=account,
        payers=payers,
        found=found,
        total_cents=sum(each.total_cents for each in found),
        digest=_digest_of_draw(to, account, found) if to else "",
    )


@router.post("/draw")
def draw(
    request: Request,
    database: DatabaseDep,
    member: Clears,
    to: Annotated[date, Form()],
    account: Word = "",
    confirmed: Word = "",
) -> Response:
    """Have the claims drawn that were shown; a worker does it."""
    if confirmed != _digest_of_draw(to, account, _look(database, to, account)):
        raise InvalidInput("This is not what was shown any more: open the page again.")
    run = runs.request_claims(database, drawn_to=to, account=account, by=member.by)
    return page.go_to(request, f"{PATH}/draw/{run.id}")


@router.get("/draw/{claims_run}")
def drawn(request: Request, claims_run: str, database: DatabaseDep, _by: Clears) -> Response:
    """How far drawing is, and what it came to."""
    run = runs.get_run(database, claims_run)
    if run.kind != runs.CLAIMS:
        raise runs.unknown_run()
    return page.show(
        request,
        "clearing/drawn.html",
        run=run,
        is_pending=run.state in (RunState.QUEUED, RunState.RUNNING),
        result=run.result or {},
    )


@router.get("/issue")
def issue_page(request: Request, database: DatabaseDep, _by: Clears) -> Response:
    """The drafts that wait to be issued, to choose from."""
    found = look_at_drafts(database, limit=MOST_DRAFTS)
    return page.show(request, "clearing/issue.html", drafts=found, most=MOST_DRAFTS)


@router.post("/issue/confirm")
def confirm_issue(
    request: Request,
    database: DatabaseDep,
    member: Clears,
    claim: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """What issuing the chosen drafts comes to."""
    chosen = _chosen(database, claim or [])
    if not chosen:
        said = member.language.text("Choose a draft first.")
        return page.go_to(request, f"{PATH}/issue", Message(said, Tone.WARNING))
    return page.show(
        request,
        "clearing/issue_confirm.html",
        drafts=chosen,
        total_cents=sum(each.total_cents for each in chosen),
        payers=len({each.account for each in chosen}),
        digest=_digest_of_drafts(chosen),
    )


@router.post("/issue")
def issue(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Clears,
    claim: Annotated[list[int] | None, Form()] = None,
    confirmed: Word = "",
) -> Response:
    """Issue the drafts that were shown, each in a transaction of its own."""
    chosen = _chosen(database, claim or [])
    if not chosen or confirmed != _digest_of_drafts(chosen):
        raise InvalidInput("This is not what was shown any more: open the page again.")
    request.app.state.today.forget()
    text, day = member.language, today(settings)
    issued, messages = 0, []
    for each in chosen:
        try:
            issue_claim(database, each.id, on=day, by=member.by, now=now())
        except (Conflict, InvalidInput) as error:
            messages.append(Message(page.say(request, error), Tone.ERROR))
        else:
            issued += 1
    if issued:
        said = text.count("%(number)s claim is issued.", "%(number)s claims are issued.", issued)
        messages.insert(0, Message(said))
    return page.go_to(request, f"{PATH}/claims", *messages[:3])


def _look(database: Database, to: date, account: str) -> list[Ahead]:
    return look_at_draw(database, drawn_to=to, account=account)


def _chosen(database: Database, numbers: Sequence[int]) -> list[Summary]:
    good = sorted({number for number in numbers if 0 < number < 2**63})[:MOST_DRAFTS]
    if not good:
        return []
    found = look_at_drafts(database, claim_ids=good, limit=MOST_DRAFTS)
    return sorted(found, key=lambda each: each.id)


def _digest_of_draw(to: date | None, account: str, found: Sequence[Ahead]) -> str:
    seen = [(each.account, each.agreement, each.entries, each.total_cents) for each in found]
    return _digest((to, account, seen))


def _digest_of_drafts(drafts: Sequence[Summary]) -> str:
    return _digest([(each.id, each.total_cents) for each in drafts])


def _digest(seen: object) -> str:
    return hashlib.sha256(repr(seen).encode()).hexdigest()
