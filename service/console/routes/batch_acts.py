"""The acts on print batches: receipt, check, reprint, void, purge, and the house's reports."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Request, UploadFile
from starlette.responses import Response

from service.admin import runs
from service.console.routes.batches import PATH, batch_of, known
from service.engine.rights import Right
from service.files.names import file_name
from service.pages import page
from service.pages.confirming import Confirmed, Question, ask, require_shown
from service.pages.flash import Message, Tone
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.publish import acknowledge, confirm_receipt, look_ahead, purge_batch, void_batch
from service.store.tables.cycle import Batch

router = APIRouter(prefix=PATH)

REPORTS = f"{PATH}/acknowledgements"
"""Where reports of the mailing house are sent."""

Handles = Annotated[Member, Depends(may(Right.HANDLE_BATCHES))]
Voids = Annotated[Member, Depends(may(Right.VOID_BATCHES))]
Prints = Annotated[Member, Depends(may(Right.HANDLE_BATCHES, Right.VOID_BATCHES))]
Checks = Annotated[Member, Depends(may(Right.HANDLE_BATCHES, Right.VOID_BATCHES, Right.RUN_JOBS))]


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


@router.get("/{number}/receipt")
def ask_receive(request: Request, number: int, database: DatabaseDep, member: Handles) -> Response:
    """What confirming means."""
    text, batch = member.language.text, batch_of(database, number)
    explained = text(
        "From then on it counts as picked up: it cannot be voided or replaced, and what is spoiled "
        "is reported and printed again. This cannot be taken back."
    )
    return _ask(
        request,
        batch,
        "receipt",
        title=text("Is all of %(name)s here?", name=batch.name),
        text=explained,
        button=text("Confirm that all is here"),
        facts=[
            (text("Pieces"), member.language.number(batch.pieces)),
            (text("Pages"), member.language.number(batch.pages)),
        ],
        is_danger=False,
    )


@router.post("/{number}/receipt")
def receive(
    request: Request, number: int, database: DatabaseDep, member: Handles, confirmed: Confirmed = ""
) -> Response:
    """Record that the mailing house has the whole package."""
    require_shown(batch_of(database, number).name, confirmed)
    confirm_receipt(database, number, by=member.by)
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
def ask_void(
    request: Request, number: int, database: DatabaseDep, settings: SettingsDep, member: Voids
) -> Response:
    """What voiding would touch."""
    language, batch = member.language, batch_of(database, number)
    text, ahead = language.text, look_ahead(database, number)
    return _ask(
        request,
        batch,
        "void",
        title=text("Void %(name)s?", name=batch.name),
        text=text(
            "Tills refuse its codes for ever, what it reserves is free again, and its files are "
            "removed. This cannot be taken back."
        ),
        button=text("Void"),
        facts=[
            (text("Pieces"), language.number(batch.pieces)),
            (text("Lists that can be redeemed now"), language.number(ahead.lists)),
            (text("Reserved for them"), language.money(ahead.reserved_cents, settings.currency)),
        ],
    )


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
    require_shown(batch_of(database, number).name, confirmed)
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
def ask_purge(request: Request, number: int, database: DatabaseDep, member: Voids) -> Response:
    """What removing the files would mean."""
    text, batch = member.language.text, batch_of(database, number)
    is_received = batch.received_at is not None
    return _ask(
        request,
        batch,
        "purge",
        title=text("Remove the files of %(name)s?", name=batch.name),
        text=text(
            "Nobody can fetch or print it any more. What was printed stays valid, and pieces can "
            "still be reported. This cannot be taken back."
        ),
        button=text("Remove files"),
        facts=[
            (text("Pieces"), member.language.number(batch.pieces)),
            (text("Received"), text("yes") if is_received else text("Not confirmed yet")),
        ],
    )


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
    require_shown(batch_of(database, number).name, confirmed)
    purge_batch(database, settings, number, now=datetime.now(UTC), by=member.by)
    return _back(request, number, member.language.text("The files are removed."))


def _ask(request: Request, batch: Batch, act: str, **said: Any) -> Response:
    back = f"{PATH}/{batch.id}"
    return ask(request, Question(path=f"{back}/{act}", back=back, shown=batch.name, **said))


def _back(request: Request, number: int, said: str) -> Response:
    return page.go_to(request, f"{PATH}/{number}", Message(said))
