"""The text by which deals are found and put in order: the same on both databases.

Databases fold letters by rules of their own (SQLite only those of ASCII), and to fold them again
for each of 100,000 deals takes longer than to find the text.
"""

import unicodedata

TITLE_CHARACTERS = 400
REF_CHARACTERS = 200
"""How much of each is kept: an entry of an index of PostgreSQL holds 2,700 bytes."""


def search_text(title: str, deal_ref: str) -> str:
    """What is stored with a deal: its title, then its id, on a line each."""
    return f"{_folded(title)[:TITLE_CHARACTERS]}\n{_folded(deal_ref)[:REF_CHARACTERS]}"


def pattern(wanted: str) -> str:
    """What finds a text in `search_text`, as `containing` does."""
    return containing(_folded(wanted))


def containing(part: str) -> str:
    """A pattern of LIKE, escaped by a backslash, that finds a part wherever it stands."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
