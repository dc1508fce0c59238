"""The acts on one claim: issue, cancel, documents, evidence, write off, dispute."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from service.clearing.disputes import open_dispute
from service.clearing.documents import make_documents
from service.clearing.evidence import make_evidence
from service.clearing.issue import cancel_claim, issue_claim
from service.clearing.one_claim import look_at_claim
from service.clearing.show import show_claim
from service.clearing.write_off import write_off_rest
from service.console.routes.clearing.base import Clears, Note, Word, known, now, today
from service.console.routes.clearing.claims import CLAIMS
from service.engine.clearing.claim import Claim, ClaimPart, ClaimState, DisputeReason
from service.errors import InvalidInput
from service.pages import page
from service.pages.amounts import read_cents
from service.pages.confirming import Confirmed, Question, ask, require_shown
from service.pages.flash import Message, Tone
from service.pages.visitor import DatabaseDep, SettingsDep

router = APIRouter(prefix=CLAIMS)


@router.get("/{number}/issue")
def ask_issue(
    request: Request, number: int, database: DatabaseDep, settings: SettingsDep, member: Clears
) -> Response:
    """What issuing means."""
    claim, language = show_claim(database, known(number)), member.language
    text = language.text
    return ask(
        request,
        Question(
            title=text("Issue the claim on %(name)s?", name=claim.account.legal_name),
            text=text(
                "It gets its number, its dates and its tax, and is owed from then on. A number is "
                "never given twice: what is wrong then is credited in full or settled by a dispute."
            ),
            button=text("Issue"),
            path=f"{CLAIMS}/{number}/issue",
            back=f"{CLAIMS}/{number}",
            shown=_shown(claim),
            facts=[
                (
                    text("Comes to, before tax"),
                    language.money(claim.total_cents, settings.currency),
                ),
                (text("Lines"), language.number(len(claim.lines))),
                (text("Drawn up to"), language.day(claim.drawn_to)),
            ],
            is_danger=False,
        ),
    )


@router.post("/{number}/issue")
def issue(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Clears,
    confirmed: Confirmed = "",
) -> Response:
    """Issue a draft."""
    require_shown(_shown(show_claim(database, known(number))), confirmed)
    issue_claim(database, number, on=today(settings), by=member.by, now=now())
    request.app.state.today.forget()
    return _back(request, number, member.language.text("The claim is issued."))


@router.get("/{number}/cancel")
def ask_cancel(request: Request, number: int, database: DatabaseDep, _by: Clears) -> Response:
    """What cancelling means, and why it is done."""
    return _ask_cancel(request, show_claim(database, known(number)))


@router.post("/{number}/cancel")
def cancel(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Clears,
    note: Note = "",
    confirmed: Confirmed = "",
) -> Response:
    """Give up a draft, or credit an issued claim in full."""
    claim = show_claim(database, known(number))
    require_shown(_shown(claim), confirmed)
    if not note.strip():
        said = member.language.text("Say why the claim is cancelled.")
        return _ask_cancel(request, claim, error=said)
    cancel_claim(database, number, note=note, on=today(settings), by=member.by, now=now())
    request.app.state.today.forget()
    said = member.language.text("The claim is cancelled; its entries come into a later one.")
    return _back(request, number, said, Tone.WARNING)


@router.post("/{number}/documents")
def documents(
    request: Request, number: int, database: DatabaseDep, settings: SettingsDep, member: Clears
) -> Response:
    """Make the documents of an issued claim that are not made yet."""
    make_documents(database, settings, known(number), now=now())
    return _back(request, number, member.language.text("The documents are made."))


@router.post("/{number}/evidence")
def evidence(
    request: Request, number: int, database: DatabaseDep, settings: SettingsDep, member: Clears
) -> Response:
    """Make the evidence behind the lines of a claim."""
    make_evidence(database, settings, known(number), by=member.by, now=now())
    return _back(request, number, member.language.text("The evidence is among the documents."))


@router.post("/{number}/write-off")
def write_off(
    request: Request, number: int, database: DatabaseDep, member: Clears, note: Note = ""
) -> Response:
    """Write off the small rest of a claim."""
    write_off_rest(database, known(number), note=note, by=member.by, now=now())
    return _back(request, number, member.language.text("The rest is written off."))


@router.post("/{number}/disputes")
def dispute(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Clears,
    line: Annotated[int, Form(ge=1, le=10_000_000)],
    part: Annotated[ClaimPart, Form()] = ClaimPart.SHARE,
    reason: Annotated[DisputeReason, Form()] = DisputeReason.COUNT_DIFFERENCE,
    amount: Word = "",
    note: Note = "",
    confirmed: Confirmed = "",
) -> Response:
    """Note that a supplier does not agree with an amount of a line.

    The form says how many disputes there were, so that the same one sent twice opens one.
    """
    require_shown(str(len(look_at_claim(database, known(number)).disputes)), confirmed)
    cents = read_cents(amount, settings.currency) if amount.strip() else None
    made = open_dispute(
        database, number, line=line, part=part, reason=reason, cents=cents, note=note,
        on=today(settings), by=member.by, now=now(),
    )  # fmt: skip
    request.app.state.today.forget()
    said = member.language.text("Dispute %(number)s is open.", number=made.id)
    return page.go_to(request, f"/clearing/disputes/{made.id}", Message(said))


def _ask_cancel(request: Request, claim: Claim, error: str = "") -> Response:
    if claim.state is ClaimState.CANCELLED:
        raise InvalidInput("This is not what was shown any more: open the page again.")
    return page.show(
        request,
        "clearing/cancel.html",
        status=422 if error else 200,
        claim=claim,
        shown=_shown(claim),
        error=error,
    )


def _shown(claim: Claim) -> str:
    """What must still be so when a claim is issued or cancelled."""
    return f"{claim.id}-{claim.state}-{claim.total_cents}"


def _back(request: Request, number: int, said: str, tone: Tone = Tone.DONE) -> Response:
    return page.go_to(request, f"{CLAIMS}/{number}", Message(said, tone))
