"""Agreements and accounts: what is agreed with whom, every revision, and a new one."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import Response

from service.clearing.agreements import AccountTerms, list_agreements, load_agreements, show_account
from service.console.routes.clearing.agreement_form import FIELDS, form_of, stored_form
from service.console.routes.clearing.base import PATH, Clears, now
from service.engine.clearing.claim import Agreement, Settlement, TaxCode
from service.errors import InvalidInput, NotFound
from service.files.agreements import MAX_BYTES, AgreementsIn, example, parse_agreements
from service.files.names import file_name
from service.pages import page
from service.pages.flash import Message, Tone
from service.pages.visitor import DatabaseDep, Member, SettingsDep
from service.settings import Settings
from service.store.session import Database

router = APIRouter(prefix=f"{PATH}/agreements")

AGREEMENTS = f"{PATH}/agreements"
Refs = Annotated[str, Form(max_length=60)]


@router.get("")
def every(request: Request, database: DatabaseDep, _by: Clears) -> Response:
    """Every account with its agreements in force, and the form that takes a file."""
    return page.show(request, "clearing/agreements.html", accounts=list_agreements(database))


@router.get("/example.json")
def pattern(_by: Clears) -> Response:
    """A small file of agreements to start from."""
    headers = {"Content-Disposition": 'attachment; filename="agreements.json"'}
    return Response(example(), media_type="application/json", headers=headers)


@router.post("")
def load(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Clears,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Load a file of agreements: all of it or nothing."""
    if file is None or not file.filename:
        said = member.language.text("Choose a file first.")
        return page.go_to(request, AGREEMENTS, Message(said, Tone.WARNING))
    body = file.file.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise InvalidInput("A file of agreements has 8 MB at most; split it.")
    form = parse_agreements(body, name=file_name(file.filename) or "agreements.json")
    return _load(request, database, settings, member, form)


@router.get("/{account}")
def one(request: Request, account: str, database: DatabaseDep, _by: Clears) -> Response:
    """One account: who pays, on which terms, and every revision of them."""
    return page.show(request, "clearing/account.html", found=show_account(database, account))


@router.get("/{account}/revise")
def revise_page(
    request: Request, account: str, database: DatabaseDep, settings: SettingsDep, _by: Clears,
    ref: str = "",
) -> Response:  # fmt: skip
    """The terms of an agreement in a form."""
    found = show_account(database, account)
    agreement = _agreement(found, ref)
    values = form_of(agreement, settings.currency)
    return _show_form(request, found, agreement, values)


@router.post("/{account}/revise")
async def revise(
    request: Request, account: str, database: DatabaseDep, settings: SettingsDep, member: Clears,
    ref: Refs = "",
) -> Response:  # fmt: skip
    """Save the next revision; what claims were drawn under stays as it is."""
    found = show_account(database, account)
    agreement = _agreement(found, ref)
    sent = await request.form()
    values = {name: str(sent.get(name, ""))[:200] for name in FIELDS}
    stored = stored_form(found.account, agreement, values, settings.currency)
    try:
        form = parse_agreements(json.dumps(stored).encode(), name=agreement.ref)
        return _load(request, database, settings, member, form)
    except InvalidInput as error:
        return _show_form(request, found, agreement, values, error=error, member=member)


def _load(
    request: Request,
    database: Database,
    settings: Settings,
    member: Member,
    form: AgreementsIn,
) -> Response:
    loaded = load_agreements(database, settings, form, by=member.by, now=now())
    language = member.language
    said = language.text(
        "%(added)s new, %(revised)s revised, %(unchanged)s unchanged.",
        added=language.number(loaded.added),
        revised=language.number(loaded.revised),
        unchanged=language.number(loaded.unchanged),
    )
    return page.go_to(request, AGREEMENTS, Message(said))


def _agreement(found: AccountTerms, ref: str) -> Agreement:
    for each in reversed(found.in_force):
        if ref in ("", each.ref):
            return each
    raise NotFound("There is no such agreement.")


def _show_form(
    request: Request,
    found: AccountTerms,
    agreement: Agreement,
    values: dict[str, Any],
    *,
    error: InvalidInput | None = None,
    member: Member | None = None,
) -> Response:
    return page.show(
        request,
        "clearing/revise.html",
        status=200 if error is None else 422,
        found=found,
        agreement=agreement,
        values=values,
        tax_codes=[str(each) for each in TaxCode],
        settlements=[str(each) for each in Settlement],
        error="" if error is None or member is None else page.say(request, error),
        problems=() if error is None else error.problems,
    )
