"""For marketing: preview and load files of suppliers' deals."""

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from service import deals
from service.admin.keys import Caller
from service.api import uploads
from service.api.deps import ApartDep, DatabaseDep, Id, MarketingCaller, SettingsDep
from service.api.description import may_answer
from service.api.schemas.deals import CellsIn, DealPreviewOut, UploadOut
from service.api.uploads import Received
from service.deals import Order, ReadOptions
from service.deals.one_deal import name_of, new_row, row_with
from service.settings import Settings
from service.store.session import Database

router = APIRouter(tags=["deals"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"
SUFFIXES = {
    "text/csv": ".csv",
    "text/plain": ".csv",
    "text/tab-separated-values": ".csv",
    "application/octet-stream": ".csv",
    # What browsers of some systems call a CSV file.
    "application/vnd.ms-excel": ".csv",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.ms-excel.sheet.macroenabled.12": ".xlsm",
    XLSX: ".xlsx",
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
FILE_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file as suppliers sent it; its first bytes tell what it is",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            XLSX: _BINARY,
            "application/vnd.apache.parquet": _BINARY,
            uploads.FORM: uploads.FORM_SCHEMA,
        },
    },
}
_WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {"description": "A workbook", "content": {XLSX: {}}}
}
_PICTURES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A picture of each deal", "content": {ZIP: {}}}
}
TYPES = may_answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)

FileName = Annotated[
    str,
    Query(
        max_length=60,
        pattern=r"^(\w[\w .()+-]*)?$",
        description="What the file is called; a form says it itself",
    ),
]
Encoding = Annotated[
    str | None,
    Query(max_length=20, pattern=r"^[\w-]+$", description="Of text that is not Unicode: gb18030"),
]
Dates = Annotated[
    Order | None, Query(description="What comes first in dates that could be read both ways")
]
Accept = Annotated[
    str,
    Query(
        max_length=16,
        pattern=r"^([0-9a-f]{16})?$",
        description="The digest of the notes that were accepted, from the preview or the refusal",
    ),
]


@router.post(
    "/deals", status_code=201, response_model=UploadOut, responses=TYPES, openapi_extra=FILE_BODY
)
async def upload(
    request: Request,
    apart: ApartDep,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: MarketingCaller,
    name: FileName = "",
    encoding: Encoding = None,
    dates: Dates = None,
    accept: Accept = "",
) -> UploadOut:
    """Load a file of deals sent as the body; all of it, or nothing and every fault by cell.

    Notes that change money, limits, dates or who is meant are refused with 409 and a digest; sent
    again with `accept` and that digest, just this file with just these notes is loaded.
    """
    async with uploads.received(request, SUFFIXES) as file:
        report = await apart.run(
            deals.load_body,
            database,
            file_name(file, name),
            file.path,
            uploaded_by=caller.actor,
            options=ReadOptions.of(settings, encoding=encoding, dates=dates),
            with_approval=settings.deal_approval,
            accept=accept,
        )
    return UploadOut.model_validate(report, from_attributes=True)


@router.post(
    "/deals/previews", response_model=DealPreviewOut, responses=TYPES, openapi_extra=FILE_BODY
)
async def preview(
    request: Request,
    apart: ApartDep,
    database: DatabaseDep,
    settings: SettingsDep,
    _caller: MarketingCaller,
    name: FileName = "",
    encoding: Encoding = None,
    dates: Dates = None,
) -> DealPreviewOut:
    """Say what loading a file would do: each deal in a sentence, totals, every fault by cell.

    Nothing is written. The first 1,000 deals and faults are listed; all are counted.
    """
    async with uploads.received(request, SUFFIXES) as file:
        found = await apart.run(
            deals.preview_deals,
            database,
            file_name(file, name),
            file.path,
            options=ReadOptions.of(settings, encoding=encoding, dates=dates),
            listed=1000,
        )
    return DealPreviewOut.model_validate(found, from_attributes=True)


@router.post(
    "/deals/previews/pictures",
    response_class=Response,
    responses=_PICTURES | TYPES,
    openapi_extra=FILE_BODY,
)
async def pictures(
    request: Request,
    apart: ApartDep,
    database: DatabaseDep,
    settings: SettingsDep,
    _caller: MarketingCaller,
    name: FileName = "",
    encoding: Encoding = None,
    dates: Dates = None,
    limit: Annotated[int, Query(ge=1, le=100, description="The most deals")] = 20,
) -> Response:
    """The deals of the file as they will be printed: a ZIP with a PNG a deal and language.

    Drawn by the layout that lists are printed with; rows with faults have none. Nothing is written.
    """
    async with uploads.received(request, SUFFIXES) as file:
        packed = await apart.run(
            deals.pack_pictures,
            database,
            file_name(file, name),
            file.path,
            options=ReadOptions.of(settings, encoding=encoding, dates=dates),
            listed=limit,
        )
    headers = {"Content-Disposition": 'attachment; filename="pictures.zip"'}
    return Response(packed, media_type=ZIP, headers=headers)


@router.post(
    "/deals/remarks",
    response_class=Response,
    responses=_WORKBOOK | TYPES,
    openapi_extra=FILE_BODY,
)
async def remarks(
    request: Request,
    apart: ApartDep,
    database: DatabaseDep,
    settings: SettingsDep,
    _caller: MarketingCaller,
    name: FileName = "",
    encoding: Encoding = None,
    dates: Dates = None,
) -> Response:
    """The same spreadsheet back with a column of remarks; nothing is written."""
    async with uploads.received(request, SUFFIXES) as file:
        called = file_name(file, name)
        book = await apart.run(
            deals.add_remarks,
            database,
            called,
            file.path,
            options=ReadOptions.of(settings, encoding=encoding, dates=dates),
        )
    return _workbook(book, f"{called.rpartition('.')[0]}-remarks.xlsx")


@router.post("/deals/rows", status_code=201, response_model=UploadOut)
def add_row(
    body: CellsIn,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: MarketingCaller,
    accept: Accept = "",
) -> UploadOut:
    """Make one deal, or its next revision, from the cells of its row; checked as a file is."""
    return _load_row(new_row(body.columns), database, settings, caller, accept)


@router.patch("/deals/{number}", response_model=UploadOut)
def edit(
    number: Id,
    body: CellsIn,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: MarketingCaller,
    accept: Accept = "",
) -> UploadOut:
    """Edit some cells of a deal's row: its next revision, checked as a file is."""
    row = row_with(database, *name_of(database, number), body.columns)
    return _load_row(row, database, settings, caller, accept)


def _load_row(
    row: tuple[str, bytes], database: Database, settings: Settings, caller: Caller, accept: str
) -> UploadOut:
    report = deals.load_body(
        database,
        *row,
        uploaded_by=caller.actor,
        options=ReadOptions.of(settings),
        with_approval=settings.deal_approval,
        accept=accept,
    )
    return UploadOut.model_validate(report, from_attributes=True)


@router.get("/deals/template", response_class=Response, responses=_WORKBOOK)
def template(_caller: MarketingCaller) -> Response:
    """The form as a workbook, with its rules on the second sheet."""
    return _workbook(deals.make_template(), "deals.xlsx")


def file_name(file: Received, asked: str) -> str:
    """What a file of deals is called: as was asked, as its form says, or by its kind."""
    name = asked or file.name or "deals"
    return name if "." in name else f"{name}{SUFFIXES[file.kind]}"


def _workbook(book: bytes, name: str) -> Response:
    # A name as a supplier writes it may have letters that a header cannot carry.
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    if name.isascii() and '"' not in name:
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(book, media_type=XLSX, headers=headers)
