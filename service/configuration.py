"""Write a configuration with fresh keys."""

import os
import secrets
from pathlib import Path

from service.errors import Conflict, InvalidInput


def write_configuration(
    folder: Path, *, database_url: str, code_key: str | None = None, more: str = ""
) -> Path:
    """Write `folder/.env`, readable by its owner only. Raises Conflict when there is one."""
    if "\n" in database_url or "\r" in database_url:
        raise InvalidInput("A database address is one line.")
    path = folder / ".env"
    lines = (
        f"LARDER_DATABASE_URL={database_url}\n"
        f"LARDER_SECRET_KEY={secrets.token_urlsafe(48)}\n"
        f"LARDER_CODE_KEY={code_key or secrets.token_urlsafe(48)}\n{more}"
    )
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(f"{path} is there already; it holds keys, so it stays as it is.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(lines)
    return path
