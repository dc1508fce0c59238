"""Write a configuration with new keys."""

import os
import re
import secrets
from pathlib import Path

from service.errors import Conflict, InvalidInput
from service.settings import database_address

# Text that a line of a .env file holds without quotes or escapes.
_ONE_WORD = re.compile(r"(?:(?!\$\{)[^\s'\"`\\])+")


def write_configuration(
    folder: Path, *, database_url: str, code_key: str | None = None, more: str = ""
) -> Path:
    """Write `folder/.env`, readable by its owner only; returns its path.

    `code_key` replaces the generated key of list codes; `more` is appended as it is. Raises
    Conflict when the file exists, InvalidInput for an address that cannot be used or that the file
    cannot hold, or for a folder that cannot be written.
    """
    if not _ONE_WORD.fullmatch(database_url):
        raise InvalidInput("A database address has no blanks, quotes or ${...}.")
    try:
        database_address(database_url)
    except ValueError as error:
        raise InvalidInput("The database address %(reason)s.", reason=str(error)) from None
    path = folder / ".env"
    lines = (
        f"LARDER_DATABASE_URL={database_url}\n"
        f"LARDER_SECRET_KEY={secrets.token_urlsafe(48)}\n"
        f"LARDER_CODE_KEY={code_key or secrets.token_urlsafe(48)}\n{more}"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        if path.exists():
            raise Conflict(
                "%(path)s is there already; it holds keys, so it stays.", path=str(path)
            ) from None
        raise InvalidInput(
            "%(path)s cannot be written: %(reason)s.", path=str(path), reason=error.strerror or ""
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(lines)
    return path
