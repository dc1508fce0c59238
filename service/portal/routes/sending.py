"""Sending a file of deals, which the retailer then approves."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import Response

from service.deals import UploadReport, make_template
from service.errors import InvalidInput, LarderError, NotAccepted
from service.files.apart import Apart
from service.pages import page
from service.pages.flash import Message, Tone
from service.pages.visitor import DatabaseDep, SettingsDep
from service.portal.visitor import Supplier, SupplierDep
from service.suppliers.upload import load_own

router = APIRouter(prefix="/deals")

PATH = "/deals/send"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NAME_CHARACTERS = 60


@router.get("/send")
def form(request: Request, supplier: SupplierDep) -> Response:
    """The form to send a file."""
    return page.show(request, "send.html", scope=supplier.scope, refused=None, name="", accept="")


@router.get("/send/template")
def template(_supplier: SupplierDep) -> Response:
    """The form of deals as a workbook."""
    headers = {"Content-Disposition": 'attachment; filename="deals.xlsx"'}
    return Response(make_template(), media_type=_XLSX, headers=headers)


@router.post("/send")
def send(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    supplier: SupplierDep,
    file: Annotated[UploadFile, File()],
    accept: Annotated[str, Form(max_length=16, pattern=r"^([0-9a-f]{16})?$")] = "",
) -> Response:
    """Load a file as drafts, all of it or nothing; what is wrong is shown by row."""
    body = file.file.read()
    if not body:
        said = Message(supplier.language.text("Choose a file that is not empty."), Tone.WARNING)
        return page.go_to(request, PATH, said)
    name = Path(file.filename or "deals.csv").name[-_NAME_CHARACTERS:]
    apart: Apart = request.app.state.apart
    with tempfile.TemporaryDirectory(prefix="larder-sent-") as folder:
        path = Path(folder) / "sent"
        path.write_bytes(body)
        try:
            report = load_own(
                database, settings, supplier.scope, apart, name, path, accept=accept,
                by=supplier.by,
            )  # fmt: skip
        except (InvalidInput, NotAccepted) as error:
            return _refused(request, supplier, error, name)
    return page.go_to(request, "/deals?state=draft", _said(supplier, report))


def _refused(request: Request, supplier: Supplier, error: LarderError, name: str) -> Response:
    digest = error.digest if isinstance(error, NotAccepted) else ""
    return page.show(
        request,
        "send.html",
        status=422 if not digest else 409,
        scope=supplier.scope,
        refused=error,
        said=page.say(request, error),
        accept=digest,
        name=name,
    )


def _said(supplier: Supplier, report: UploadReport) -> Message:
    text = supplier.language.text
    if report.already_loaded or not report.added + report.revised:
        return Message(text("This was sent before: nothing of it is new."), Tone.WARNING)
    return Message(
        supplier.language.count(
            "%(number)s deal was sent. It waits for the retailer's approval.",
            "%(number)s deals were sent. They wait for the retailer's approval.",
            report.added + report.revised,
        )
    )
