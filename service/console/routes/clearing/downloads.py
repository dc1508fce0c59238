"""Files that a page gives to be saved."""

from urllib.parse import quote

from starlette.responses import Response


def download(name: str, media_type: str, content: bytes) -> Response:
    """The answer that saves a file under its name."""
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})
