"""Styles, scripts and pictures. Their addresses name what is in them, so browsers keep them."""

from fastapi import APIRouter
from starlette.responses import FileResponse

from service.errors import NotFound
from service.pages.page import ASSETS

router = APIRouter()

_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_A_YEAR = {"Cache-Control": "public, max-age=31536000, immutable"}
_FILES = {
    str(path.relative_to(ASSETS)): path for path in ASSETS.rglob("*") if path.suffix in _KINDS
}


@router.get("/static/{digest}/{name:path}")
async def asset(digest: str, name: str) -> FileResponse:
    """One file; whoever reaches the service may read it."""
    path = _FILES.get(name)
    if path is None:
        raise NotFound("There is no such file.")
    kind = _KINDS[path.suffix]
    return FileResponse(path, media_type=kind, headers=_FOR_A_YEAR if digest else None)
