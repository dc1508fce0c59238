"""What pages have in common on which somebody proves who they are."""

from typing import Annotated

from fastapi import Form

from service.admin.people import Refused
from service.pages.languages import Language

Word = Annotated[str, Form(max_length=1000)]
"""A password, a code, an address: what is typed."""

Long = Annotated[str, Form(max_length=20_000)]
"""What the browser of a passkey answers."""

_MINUTE_SECONDS = 60


def too_many_tries(language: Language, refused: Refused) -> str:
    """How long to wait after too many tries; empty where there were not too many."""
    if not refused.wait_seconds:
        return ""
    return language.count(
        "Too many tries. Wait %(number)s minute.",
        "Too many tries. Wait %(number)s minutes.",
        -(-refused.wait_seconds // _MINUTE_SECONDS),
    )
