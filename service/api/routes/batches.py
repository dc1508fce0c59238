"""Print batches: marketing requests them, the mailing house fetches and acknowledges them."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from service.admin import runs
from service.api import description, uploads
from service.api.deps import (
    DatabaseDep,
    Id,
    MailingCaller,
    MarketingCaller,
    PrintCaller,
    SettingsDep,
)
from service.api.files import RangeFileResponse
from service.api.mail_forms import (
    AcknowledgementOut,
    BatchVoidOut,
    ReconciliationOut,
    RowFaultOut,
    UnmailedPieceOut,
)
from service.api.paging import After, AfterText, Limit, Page, page_of
from service.api.routes.runs import run_out
from service.api.schemas.batches import BatchFileOut, BatchIn, BatchOut, NotMailedOut
from service.api.schemas.runs import RunOut
from service.api.tables import AS_TABLE, AsCsv, every_page, listed, table
from service.errors import NotFound
from service.publish import (
    MANIFEST,
    LeftOutReason,
    NotMailed,
    acknowledge,
    confirm_receipt,
    fetch,
    fetchable_files,
    not_mailed,
    reconcile,
    unmailed,
    void_batch,
)
from service.publish.answer import answer
from service.store import batches
from service.store.session import Database
from service.store.tables.access import Role
from service.store.tables.cycle import Batch

router = APIRouter(tags=["batches"])

_LEFT_OUT_TOGETHER = 100_000

FileName = Annotated[
    str, Query(max_length=60, pattern=r"^(\w[\w .()+-]*)?$", description="What the file is called")
]
_TYPES = ("text/csv", "application/octet-stream", "application/vnd.ms-excel", "text/plain")
_CSV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string"}}, uploads.FORM: uploads.FORM_SCHEMA},
    }
}


class BatchPage(Page):
    """Some batches, newest first."""

    batches: list[BatchOut]


class NotMailedPage(Page):
    """Some households that a package leaves out, by its own order."""

    left_out: list[NotMailedOut]


@router.post(
    "/batches",
    status_code=202,
    response_model=RunOut,
    responses=description.QUEUED | description.may_answer(HTTPStatus.NOT_FOUND),
)
def ask(
    body: BatchIn, response: Response, database: DatabaseDep, caller: MarketingCaller
) -> RunOut:
    """Request the print of a cycle; a worker does it. Poll the run that `Location` names."""
    run = runs.request_batch(database, cycle_id=body.cycle_id, revise=body.revise, by=caller.actor)
    response.headers["Location"] = f"/v1/runs/{run.id}"
    return run_out(run)


@router.get("/batches", response_model=BatchPage, responses=AS_TABLE)
def page(
    database: DatabaseDep,
    _caller: MailingCaller,
    as_csv: AsCsv,
    after: After = None,
    limit: Limit = 50,
) -> Any:
    """The batches so far."""

    def find(edge: int | None, most: int) -> list[BatchOut]:
        with database.read() as session:
            return [_out(batch) for batch in batches.page(session, after=edge, limit=most)]

    return listed(
        BatchPage, BatchOut, find, key=lambda batch: batch.id, after=after, limit=limit,
        as_csv=as_csv,
    )  # fmt: skip


@router.get("/batches/{batch_id}", response_model=BatchOut)
def one(batch_id: Id, database: DatabaseDep, _caller: MailingCaller) -> BatchOut:
    """One batch with its files."""
    return _out(_found(database, batch_id))


@router.get("/batches/{batch_id}/left-out", response_model=NotMailedPage, responses=AS_TABLE)
def left_out(
    batch_id: Id,
    database: DatabaseDep,
    settings: SettingsDep,
    _caller: MarketingCaller,
    as_csv: AsCsv,
    after: After = None,
    limit: Limit = 50,
) -> Any:
    """Whose letters the package of a batch leaves out, and why; the mailing house sees no names."""

    def find(edge: int | None, most: int) -> Sequence[tuple[int, NotMailed]]:
        return not_mailed(database, settings, batch_id, after=edge or 0, limit=most)

    def key(row: tuple[int, NotMailed]) -> int:
        return row[0]

    if as_csv:
        # Each look reads the whole table of the package.
        pages = every_page(find, after, key=key, together=_LEFT_OUT_TOGETHER)
        return table("left-out", NotMailedOut, map(_not_mailed, pages))
    found, cursor = page_of(partial(find, after), limit, key=key)
    return NotMailedPage(left_out=_not_mailed(found), cursor=cursor)


@router.head("/batches/{batch_id}/files/{name}", include_in_schema=False)
@router.get(
    "/batches/{batch_id}/files/{name}",
    response_class=RangeFileResponse,
    responses={
        **RangeFileResponse.RESPONSES,
        304: {"description": "Unchanged since the copy that `If-None-Match` names"},
    },
)
def file(
    batch_id: Id,
    name: str,
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: MailingCaller,
) -> Response:
    """One file of a ready batch; ranges and ETags are supported, so a fetch can be resumed.

    The first PDF that the mailing house fetches is the pickup; `HEAD` is none.
    """
    for_print = caller.role is Role.MAILING and request.method != "HEAD"
    found = fetch(database, settings, batch_id, name, for_print=for_print)
    return answer(request, found, whole=RangeFileResponse)


@router.post("/batches/{batch_id}/pickup", response_model=BatchOut)
def pick_up(batch_id: Id, database: DatabaseDep, caller: MailingCaller) -> BatchOut:
    """Confirm that the whole package was received, with every file as in the manifest."""
    return _out(confirm_receipt(database, batch_id, by=caller.actor))


@router.post(
    "/batches/{batch_id}/reprint",
    status_code=202,
    response_model=RunOut,
    responses=description.QUEUED,
)
def reprint(batch_id: Id, response: Response, database: DatabaseDep, caller: PrintCaller) -> RunOut:
    """Request a reprint of the spoiled pieces of a batch, with the same ids and codes."""
    run = runs.request_reprint(database, batch_id=batch_id, by=caller.actor)
    response.headers["Location"] = f"/v1/runs/{run.id}"
    return run_out(run)


@router.post(
    "/batches/{batch_id}/check",
    status_code=202,
    response_model=RunOut,
    responses=description.QUEUED,
)
def check(batch_id: Id, response: Response, database: DatabaseDep, caller: PrintCaller) -> RunOut:
    """Request that every page of a batch is read back as a mailing house would read it."""
    run = runs.request_check(database, batch_id=batch_id, by=caller.actor)
    response.headers["Location"] = f"/v1/runs/{run.id}"
    return run_out(run)


@router.post("/batches/{batch_id}/void", response_model=BatchVoidOut)
def void(
    batch_id: Id, database: DatabaseDep, settings: SettingsDep, caller: MarketingCaller
) -> BatchVoidOut:
    """Void a batch before its pickup: its codes become invalid, its reservations are released."""
    return BatchVoidOut(**asdict(void_batch(database, settings, batch_id, by=caller.actor)))


@router.get(
    "/batches/{batch_id}/reconciliation",
    response_model=ReconciliationOut,
    responses=description.may_answer(HTTPStatus.CONFLICT) | AS_TABLE,
)
def reconciliation(
    batch_id: Id,
    database: DatabaseDep,
    _caller: PrintCaller,
    as_csv: AsCsv,
    after: AfterText = "",
    limit: Limit = 50,
) -> Any:
    """The pieces of a batch by state, and a page of those that are not mailed."""
    if as_csv:
        pages = every_page(
            lambda edge, most: [
                UnmailedPieceOut(**each._asdict())
                for each in unmailed(database, batch_id, after=edge or "", limit=most)
            ],
            after,
            key=lambda piece: piece.piece_id,
        )
        return table("not-mailed-yet", UnmailedPieceOut, pages)
    found = reconcile(database, batch_id, after=after, limit=limit + 1)
    named, cursor = page_of(lambda _: found.differences, limit, key=lambda piece: piece.piece_id)
    counts = {name: getattr(found, name) for name in found.__slots__ if name != "differences"}
    return ReconciliationOut(
        **counts,
        differences=[UnmailedPieceOut(**each._asdict()) for each in named],
        cursor=cursor,
    )


@router.post(
    "/acknowledgements",
    response_model=AcknowledgementOut,
    responses=description.may_answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    openapi_extra=_CSV,
)
async def answer_for(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: MailingCaller,
    name: FileName = "",
) -> AcknowledgementOut:
    """Report what became of the pieces, as a CSV body; safe to send again.

    Good rows take effect at once; each of the others is reported with row, column and remedy.
    """
    async with uploads.received(request, _TYPES) as file:
        report = await run_in_threadpool(
            acknowledge,
            database,
            settings,
            file.path,
            name=name or file.name or "acknowledgement",
            by=caller.actor,
        )
    return AcknowledgementOut(
        acknowledgement_id=report.acknowledgement_id,
        rows=report.rows,
        taken=report.taken,
        known=report.known,
        refused=report.refused,
        faults=[RowFaultOut(**asdict(problem)) for problem in report.problems],
    )


def _not_mailed(found: Sequence[tuple[int, NotMailed]]) -> list[NotMailedOut]:
    return [NotMailedOut.model_validate(row._asdict()) for _, row in found]


def _found(database: Database, batch_id: int) -> Batch:
    with database.read() as session:
        batch = batches.get(session, batch_id)
    if batch is None:
        raise NotFound("There is no such batch.")
    return batch


def _out(batch: Batch) -> BatchOut:
    return BatchOut(
        id=batch.id,
        name=batch.name,
        cycle_id=batch.cycle_id,
        revision=batch.revision,
        state=batch.state,
        pieces=batch.pieces,
        pages=batch.pages,
        published_at=batch.published_at,
        reprint_of=batch.reprint_of,
        picked_up_at=batch.picked_up_at,
        received_at=batch.received_at,
        purged_at=batch.purged_at,
        left_out={reason.value: batch.summary.get(reason.value, 0) for reason in LeftOutReason},
        files=[
            BatchFileOut(name=name, bytes=size, sha256=digest)
            for name, (size, digest) in fetchable_files(batch).items()
            if name != MANIFEST
        ],
    )
