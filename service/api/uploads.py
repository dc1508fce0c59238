"""Receives files: as the body itself or in a form, spooled to disk, of the types that are read."""

import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from service.errors import InvalidInput, Problem, UnsupportedType
from service.files.names import file_name

FORM = "multipart/form-data"
FIELD = "file"
"""The field of a form that holds the file."""
FORM_SCHEMA: dict[str, Any] = {
    "schema": {
        "type": "object",
        "required": [FIELD],
        "properties": {FIELD: {"type": "string", "format": "binary"}},
    }
}
"""A form with a file, for the OpenAPI document."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file on disk, as long as its request lasts; `name` is what its part of a form calls it."""

    path: Path
    name: str
    kind: str


@asynccontextmanager
async def received(request: Request, kinds: Collection[str]) -> AsyncIterator[Received]:
    """The file of a request: its body, or the field `file` of a form.

    Raises UnsupportedType unless its media type is one of `kinds`, and InvalidInput for a form
    without a file.
    """
    kind = media_type(request.headers.get("content-type", ""))
    if kind not in (FORM, *kinds):
        raise unsupported(kinds)
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedType(
            "Send the file as it is, without a Content-Encoding.",
            headers={"Accept-Encoding": "identity"},
        )
    with tempfile.TemporaryDirectory(prefix="larder-upload-") as folder:
        path = Path(folder) / "body"
        if kind == FORM:
            yield await _from_form(request, path, kinds)
            return
        with path.open("wb") as file:
            async for chunk in request.stream():
                file.write(chunk)
        yield Received(path, "", kind)


def media_type(header: str) -> str:
    """The media type of a Content-Type header, without its parameters."""
    return header.partition(";")[0].strip().lower()


def unsupported(kinds: Collection[str]) -> UnsupportedType:
    """The error of a body of another type than `kinds`."""
    named = sorted(kinds)
    return UnsupportedType(
        f"Send the file as {', '.join(named)}; or in the field `{FIELD}` of a form ({FORM}).",
        headers={"Accept": ", ".join([*named, FORM])},
    )


async def _from_form(request: Request, path: Path, kinds: Collection[str]) -> Received:
    try:
        async with request.form(max_files=1, max_fields=16) as form:
            part = form.get(FIELD)
            if not isinstance(part, UploadFile):
                detail, remedy = "has no file", f"send the file as the field `{FIELD}`"
                raise InvalidInput("The form has no file.", [Problem("#", detail, remedy)])
            kind = media_type(part.content_type or "application/octet-stream")
            if kind not in kinds:
                raise unsupported(kinds)
            await run_in_threadpool(_copy, part.file, path)
            return Received(path, file_name(part.filename or ""), kind)
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise InvalidInput(
            "The form cannot be read.", [Problem("#", str(error.detail), "send it again")]
        ) from None


def _copy(part: BinaryIO, path: Path) -> None:
    with path.open("wb") as file:
        copyfileobj(part, file)
