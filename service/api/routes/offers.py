"""For marketing: upload suppliers' deals."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from service.access import Caller
from service.api.deps import DatabaseDep, MarketingCaller
from service.api.schemas import UploadOut
from service.deals import UploadReport, load_deals
from service.errors import InvalidInput
from service.store.session import Database

router = APIRouter(tags=["deals"])

FileName = Annotated[
    str, Query(max_length=60, pattern=r"^\w[\w .()+-]*$", description="What the file is called")
]
_SUFFIXES = {
    "text/csv": ".csv",
    "application/vnd.apache.parquet": ".parquet",
    "application/octet-stream": ".csv",
}


@router.post(
    "/deals",
    status_code=201,
    response_model=UploadOut,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/vnd.apache.parquet": {
                    "schema": {"type": "string", "format": "binary"}
                },
            },
        },
    },
)
async def upload(
    request: Request, database: DatabaseDep, caller: MarketingCaller, name: FileName = "deals"
) -> UploadOut:
    """Load a file of deals sent as the body; all of it, or nothing and every fault by row."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    suffix = _SUFFIXES.get(kind)
    if suffix is None:
        raise InvalidInput("Send the file as text/csv or application/vnd.apache.parquet.")
    body = await request.body()
    # A file of many rows takes seconds, in which the tills must be answered.
    report = await run_in_threadpool(_load, database, body, f"{name}{suffix}", caller)
    return UploadOut(**asdict(report))


def _load(database: Database, body: bytes, name: str, caller: Caller) -> UploadReport:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(body)
        return load_deals(database, path, uploaded_by=f"key {caller.key_id}")
