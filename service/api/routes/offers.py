"""For marketing: upload suppliers' deals."""

import tempfile
from dataclasses import asdict
from pathlib import Path

from fastapi import APIRouter, Request

from service.api.deps import DatabaseDep, MarketingCaller
from service.api.schemas import UploadOut
from service.deals import load_deals
from service.errors import InvalidInput

router = APIRouter(tags=["deals"])

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
    request: Request, database: DatabaseDep, caller: MarketingCaller, name: str = "deals"
) -> UploadOut:
    """Load a file of deals sent as the body; all of it, or nothing and every fault by row."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    suffix = _SUFFIXES.get(kind)
    if suffix is None:
        raise InvalidInput("Send the file as text/csv or application/vnd.apache.parquet.")
    body = await request.body()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{Path(name).name or 'deals'}{suffix}"
        path.write_bytes(body)
        report = load_deals(database, path, uploaded_by=f"key {caller.key_id}")
    return UploadOut(**asdict(report))
