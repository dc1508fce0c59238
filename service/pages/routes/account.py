"""One's own account: password, authenticator app, passkeys, and where one is logged in."""

from datetime import UTC, datetime

import numpy as np
import zxingcpp
from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from service.admin import people
from service.admin.people import KnownPasskey, OpenSession, Refused
from service.errors import Conflict, InvalidInput, NotFound
from service.pages import page
from service.pages.browsers import browser_of
from service.pages.confirming import Confirmed, Question, ask, require_shown
from service.pages.flash import Message, Tone
from service.pages.proving import Long, Word, too_many_tries
from service.pages.visitor import DatabaseDep, FromDep, Member, MemberDep, SettingsDep
from service.store.session import Database

router = APIRouter(prefix="/account")

_QR_SIZE = 220
_DARK = 128


@router.get("")
def account(request: Request, database: DatabaseDep, member: MemberDep) -> Response:
    """The account of whoever is logged in."""
    return _account(request, database, member)


@router.post("/password")
def change_password(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: MemberDep,
    visitor: FromDep,
    old: Word = "",
    new: Word = "",
    again: Word = "",
) -> Response:
    """Set another password; every other session ends."""
    text = member.language.text
    if new != again:
        return _account(request, database, member, text("The two are not the same."))
    try:
        refused = people.change_password(
            database,
            settings,
            member.signed_in,
            old=old,
            new=new,
            address=visitor.address,
            now=_now(),
        )
    except InvalidInput as error:
        return _account(request, database, member, page.say(request, error))
    if refused is not None:
        return _account(request, database, member, _refusal(member, refused))
    said = text("The password is changed; you are logged out everywhere else.")
    return page.go_to(request, "/account", Message(said))


@router.post("/app")
def begin_app(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: MemberDep
) -> Response:
    """Begin with an authenticator app: its QR code, and the secret to type."""
    return _app(request, database, settings, member)


@router.post("/app/confirm")
def confirm_app(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: MemberDep,
    code: Word = "",
    address: Word = "",
    typed: Word = "",
) -> Response:
    """Show by a code that the app works; from now on every log-in asks for one."""
    try:
        people.confirm_totp(database, settings, member.signed_in, code, now=_now())
    except InvalidInput:
        error = member.language.text("This code is wrong or was used; wait for the next one.")
        return _show_app(request, address, typed, error)
    said = member.language.text("From now on logging in asks for a code of the app.")
    return page.go_to(request, "/account", Message(said))


@router.post("/app/remove")
def remove_app(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: MemberDep,
    visitor: FromDep,
    code: Word = "",
) -> Response:
    """Remove the app, by a code of it."""
    text = member.language.text
    try:
        refused = people.remove_totp(
            database, settings, member.signed_in, code, address=visitor.address, now=_now()
        )
    except InvalidInput:
        error = text("This code is wrong or was used; wait for the next one.")
        return _account(request, database, member, error)
    if refused is not None:
        return _account(request, database, member, _refusal(member, refused))
    said = text("The authenticator app is removed.")
    return page.go_to(request, "/account", Message(said, Tone.WARNING))


@router.post("/passkeys/options")
def passkey_options(
    database: DatabaseDep, settings: SettingsDep, member: MemberDep
) -> dict[str, str]:
    """What the browser is asked, to make a passkey."""
    asked = people.passkey_enrol_options(database, settings, member.signed_in, now=_now())
    return {"ticket": asked.ticket, "options": asked.options}


@router.post("/passkeys")
def add_passkey(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: MemberDep,
    ticket: Word = "",
    credential: Long = "",
    name: Word = "",
) -> Response:
    """Add the passkey that the browser made."""
    text = member.language.text
    try:
        added = people.passkey_enrol(
            database,
            settings,
            member.signed_in,
            ticket=ticket,
            credential=credential,
            name=name,
            now=_now(),
        )
    except (InvalidInput, Conflict) as error:
        return _account(request, database, member, page.say(request, error))
    said = text("The passkey %(name)s is added.", name=added.name)
    return page.go_to(request, "/account", Message(said))


@router.get("/passkeys/{number}/remove")
def ask_remove_passkey(
    request: Request, number: int, database: DatabaseDep, member: MemberDep
) -> Response:
    """What removing a passkey means."""
    text, passkey = member.language.text, _passkey(database, member, number)
    return ask(
        request,
        Question(
            title=text("Remove passkey %(name)s?", name=passkey.name),
            text=text(
                "The device cannot log in with it any more; a new one can be added there. This "
                "cannot be taken back."
            ),
            button=text("Remove"),
            path=f"/account/passkeys/{number}/remove",
            back="/account",
            shown=passkey.name,
        ),
    )


@router.post("/passkeys/{number}/remove")
def remove_passkey(
    request: Request,
    number: int,
    database: DatabaseDep,
    member: MemberDep,
    confirmed: Confirmed = "",
) -> Response:
    """Remove a passkey."""
    require_shown(_passkey(database, member, number).name, confirmed)
    people.remove_passkey(database, member.signed_in, number, now=_now())
    said = member.language.text("The passkey is removed.")
    return page.go_to(request, "/account", Message(said, Tone.WARNING))


@router.post("/sessions/{number}/end")
def end_session(
    request: Request, number: int, database: DatabaseDep, member: MemberDep
) -> Response:
    """End one session of one's own."""
    try:
        people.end_one_session(database, member.signed_in.person.id, number, now=_now())
    except NotFound:
        return page.go_to(request, "/account")
    return page.go_to(request, "/account", Message(member.language.text("It is logged out.")))


@router.post("/sessions/end-others")
def end_others(request: Request, database: DatabaseDep, member: MemberDep) -> Response:
    """End every session of one's own but this one."""
    ended = people.end_all_sessions(
        database, member.signed_in.person.id, now=_now(), but_id=member.signed_in.session_id
    )
    said = member.language.count(
        "%(number)s other session is logged out.",
        "%(number)s other sessions are logged out.",
        ended,
    )
    return page.go_to(request, "/account", Message(said))


def _passkey(database: Database, member: Member, number: int) -> KnownPasskey:
    for each in people.list_passkeys(database, member.signed_in.person.id):
        if each.passkey_id == number:
            return each
    raise NotFound("There is no such passkey.")


def _account(request: Request, database: DatabaseDep, member: Member, error: str = "") -> Response:
    person = member.signed_in.person
    now = _now()
    details = next(each for each in people.list_people(database) if each.person.id == person.id)
    sessions: list[OpenSession] = people.list_sessions(
        database, person.id, now=now, this_id=member.signed_in.session_id
    )
    return page.show(
        request,
        "account.html",
        status=422 if error else 200,
        error=error,
        details=details,
        passkeys=people.list_passkeys(database, person.id),
        sessions=sessions,
        device=browser_of,
    )


def _app(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Member
) -> Response:
    begun = people.enrol_totp(database, settings, member.signed_in.person.id)
    return _show_app(request, begun.address, begun.typed, "")


def _show_app(request: Request, address: str, typed: str, error: str) -> Response:
    return page.show(
        request,
        "account_app.html",
        status=422 if error else 200,
        error=error,
        address=address,
        typed=typed,
        picture=qr_code(address) if address else "",
    )


def qr_code(text: str) -> Markup:
    """A QR code as an SVG, a module to a unit."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    modules = np.asarray(zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=True))
    rows, columns = modules.shape
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, x in np.argwhere(modules < _DARK).tolist())
    return Markup(
        '<svg class="qr" viewBox="0 0 {0} {1}" width="{2}" height="{2}" aria-hidden="true">'
        '<rect width="{0}" height="{1}" fill="#fff"/><path d="{3}" fill="#000"/></svg>'
    ).format(columns, rows, _QR_SIZE, dark)


def _refusal(member: Member, refused: Refused) -> str:
    text = member.language.text
    return too_many_tries(member.language, refused) or text("The present password is wrong.")


def _now() -> datetime:
    return datetime.now(UTC)
