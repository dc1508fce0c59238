"""Names of files that somebody sent."""

import unicodedata
from pathlib import PurePosixPath

_MOST_NAME = 60


def file_name(sent: str) -> str:
    """The last part of a path, without what could not be shown, and not too long."""
    last = PurePosixPath(sent.replace("\\", "/")).name
    shown = unicodedata.normalize("NFC", "".join(each for each in last if each.isprintable()))
    suffix = PurePosixPath(shown).suffix[:10]
    return shown.removesuffix(suffix)[: _MOST_NAME - len(suffix)].strip() + suffix
