"""The acts on print batches: receipt, check, reprint, void, purge, and the house's reports."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from starlette.responses import Response

from service.admin import runs
from service.console import page
from service.console.flash import Message, Tone
from service.console.routes.batches import PATH, batch_of, known
from service.console.visitor import DatabaseDep, Member, SettingsDep, may
from service.engine.rights import Right
from service.errors import InvalidInput
from service.files.names import file_name
from service.publish import acknowledge, confirm_receipt, look_ahead, purge_batch, void_batch

router = APIRouter(prefix=PATH)

REPORTS = f"{PATH}/acknowledgements"
"""Where reports of the mailing house are sent."""

Handles = Annotated[Member, Depends(may(Right.HANDLE_BATCHES))]
Voids = Annotated[Member, Depends(may(Right.VOID_BATCHES))]
Prints = Annotated[Member, Depends(may(Right.HANDLE_BATCHES, Right.VOID_BATCHES))]
Checks = Annotated[Member, Depends(may(Right.HANDLE_BATCHES, Right.VOID_BATCHES, Right.RUN_JOBS))]
Confirmed = Annotated[str, Form(max_length=80)]


@router.post("/acknowledgements")
def report(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Handles,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Apply a report of the mailing house; its page says what became of each row."""
    text = member.language.text
    if file is None or not file.filename:
        return page.go_to(request, PATH, Message(text("Choose a file first."), Tone.WARNING))
    name = file_name(file.filename) or "acknowledgement.csv"
    with tempfile.TemporaryDirectory(prefix="larder-report-") as folder:
        path = Path(folder) / "report"
        with path.open("wb") as out:
            shutil.copyfileobj(file.file, out)
        found = acknowledge(database, settings, path, name=name, by=member.by)
    request.app.state.today.forget()
    return page.go_to(request, f"{PATH}/acknowledgements/{found.acknowledgement_id}")


@router.post("/{number}/receipt")
def receive(request: Request, number: int, database: DatabaseDep, member: Handles) -> Response:
    """Record that the mailing house has the whole package."""
    confirm_receipt(database, known(number), by=member.by)
    request.app.state.today.forget()
    return _back(request, number, member.language.text("The package is confirmed as received."))


@router.post("/{number}/check")
def check(request: Request, number: int, database: DatabaseDep, member: Checks) -> Response:
    """Request that every page is read back."""
    runs.request_check(database, batch_id=known(number), by=member.by)
    return _back(request, number, member.language.text("Every page will be read back."))


@router.post("/{number}/reprint")
def reprint(request: Request, number: int, database: DatabaseDep, member: Prints) -> Response:
    """Request that spoiled pieces are printed again."""
    runs.request_reprint(database, batch_id=known(number), by=member.by)
    return _back(request, number, member.language.text("The spoiled pieces will be printed again."))


@router.get("/{number}/void")
def confirm_void(request: Request, number: int, database: DatabaseDep, _by: Voids) -> Response:
    """What voiding would touch."""
    batch = batch_of(database, number)
    ahead = look_ahead(database, number)
    return page.show(request, "batch_confirm.html", batch=batch, act="void", ahead=ahead)


@router.post("/{number}/void")
def void(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Voids,
    confirmed: Confirmed = "",
) -> Response:
    """Void a batch that was shown before."""
    _require_shown(database, number, confirmed)
    done = void_batch(database, settings, number, by=member.by)
    request.app.state.today.forget()
    language = member.language
    said = language.count(
        "The batch is void: %(number)s list cannot be redeemed, %(money)s are free again.",
        "The batch is void: %(number)s lists cannot be redeemed, %(money)s are free again.",
        done.lists,
        money=language.money(done.released_cents, settings.currency),
    )
    return _back(request, number, said)


@router.get("/{number}/purge")
def confirm_purge(request: Request, number: int, database: DatabaseDep, _by: Voids) -> Response:
    """What removing the files would mean."""
    batch = batch_of(database, number)
    return page.show(request, "batch_confirm.html", batch=batch, act="purge", ahead=None)


@router.post("/{number}/purge")
def purge(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Voids,
    confirmed: Confirmed = "",
) -> Response:
    """Remove the files of a batch that was shown before."""
    _require_shown(database, number, confirmed)
    purge_batch(database, settings, number, now=datetime.now(UTC), by=member.by)
    return _back(request, number, member.language.text("The files are removed."))


def _require_shown(database: DatabaseDep, number: int, confirmed: str) -> None:
    """Raises InvalidInput unless the form names the batch that its page showed."""
    if confirmed != batch_of(database, number).name:
        raise InvalidInput("This is not the batch that was shown.")


def _back(request: Request, number: int, said: str) -> Response:
    return page.go_to(request, f"{PATH}/{number}", Message(said))
