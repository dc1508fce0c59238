"""For the mailing house: print batches and their files."""

import json
from http import HTTPStatus

from fastapi import APIRouter, Response

from service import runs
from service.api import description
from service.api.deps import (
    After,
    DatabaseDep,
    Id,
    Limit,
    MailingCaller,
    MarketingCaller,
    SettingsDep,
)
from service.api.files import PartOfFile
from service.api.routes.runs import run_out
from service.api.schemas import BatchFileOut, BatchIn, BatchOut, Page, RunOut
from service.errors import NotFound
from service.publish import batch_file
from service.store import batches
from service.store.session import Database
from service.store.tables.cycle import Batch

router = APIRouter(tags=["batches"])


class BatchPage(Page):
    """Some batches, newest first."""

    batches: list[BatchOut]


@router.post(
    "/batches",
    status_code=202,
    response_model=RunOut,
    responses=description.QUEUED | description.may_answer(HTTPStatus.NOT_FOUND),
)
def ask(
    body: BatchIn, response: Response, database: DatabaseDep, _caller: MarketingCaller
) -> RunOut:
    """Ask for a cycle to be printed; a worker does it. Poll the run that `Location` names."""
    run = runs.ask_batch(database, cycle_id=body.cycle_id)
    response.headers["Location"] = f"/v1/runs/{run.id}"
    return run_out(run)


@router.get("/batches", response_model=BatchPage)
def page(
    database: DatabaseDep, _caller: MailingCaller, after: After = None, limit: Limit = 50
) -> BatchPage:
    """The batches so far."""
    with database.read() as session:
        found = batches.page(session, after=after, limit=limit + 1)
    found, more = found[:limit], len(found) > limit
    cursor = str(found[-1].id) if more else None
    return BatchPage(batches=[_out(batch) for batch in found], cursor=cursor)


@router.get("/batches/{batch_id}", response_model=BatchOut)
def one(batch_id: Id, database: DatabaseDep, _caller: MailingCaller) -> BatchOut:
    """One batch with its files."""
    return _out(_found(database, batch_id))


@router.get(
    "/batches/{batch_id}/files/{name}", response_class=PartOfFile, responses=PartOfFile.RESPONSES
)
def file(
    batch_id: Id,
    name: str,
    database: DatabaseDep,
    settings: SettingsDep,
    _caller: MailingCaller,
) -> PartOfFile:
    """One file of a ready batch; ranges and ETags are served, so a fetch can be resumed."""
    path, sha256 = batch_file(settings, _found(database, batch_id), name)
    return PartOfFile(path, filename=name, headers={"ETag": f'"{sha256}"'})


def _found(database: Database, batch_id: int) -> Batch:
    with database.read() as session:
        batch = batches.get(session, batch_id)
    if batch is None:
        raise NotFound("There is no such batch.")
    return batch


def _out(batch: Batch) -> BatchOut:
    files = json.loads(batch.manifest).get("files", [])
    return BatchOut(
        id=batch.id or 0,
        name=batch.name,
        cycle_id=batch.cycle_id,
        revision=batch.revision,
        state=batch.state,
        pieces=batch.pieces,
        pages=batch.pages,
        published_at=batch.published_at,
        files=[
            BatchFileOut(name=entry["name"], bytes=entry["bytes"], sha256=entry["sha256"])
            for entry in files
        ],
    )
