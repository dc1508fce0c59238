"""A file of a package as an answer: whole, in part, or unchanged, from a folder or object store."""

import re
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from service.publish.pickup import PackageFile

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_TYPES = {".pdf": "application/pdf", ".csv": "text/csv", ".json": "application/json"}


def answer(
    request: Request, file: PackageFile, *, whole: type[FileResponse] = FileResponse
) -> Response:
    """The file as RFC 9110 asks: `If-None-Match`, `Range` with `If-Range`; ETag is its SHA-256.

    `whole` answers with a file of this machine.
    """
    etag = f'"{file.sha256}"'
    if _names(request.headers.get("if-none-match"), etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
    if file.path is not None:
        return whole(file.path, filename=file.name, headers={"ETag": etag})
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{file.name}"',
    }
    start, end = 0, file.size
    status = HTTPStatus.OK
    wanted = _wanted(request, etag, file.size)
    if wanted is not None:
        start, end = wanted
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    headers["Content-Length"] = str(end - start)
    kind = _TYPES.get(file.name[file.name.rfind(".") :], "application/octet-stream")
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=kind)
    return StreamingResponse(
        file.chunks(start=start, end=end), status_code=status, headers=headers, media_type=kind
    )


def _wanted(request: Request, etag: str, size: int) -> tuple[int, int] | None:
    """The one range asked for, as start and end; None for the whole file."""
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None or request.headers.get("if-range", etag) != etag:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if first:
        start, end = int(first), min(int(last) + 1, size) if last else size
    else:
        start, end = max(size - int(last), 0), size
    if start >= size or start >= end:
        raise HTTPException(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "The file ends before this range begins.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, end


def _names(header: str | None, etag: str) -> bool:
    """Whether an `If-None-Match` header has this tag."""
    if header is None:
        return False
    named = {each.strip().removeprefix("W/") for each in header.split(",")}
    return etag in named or "*" in named
