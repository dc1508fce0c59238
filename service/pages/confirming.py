"""The page before an act that cannot be taken back: what it does, to what, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import Response

from service.errors import InvalidInput
from service.pages import page

Confirmed = Annotated[str, Form(max_length=400)]
"""The field of a form that names what its page showed."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before an act, in the language of its reader.

    `path` takes the form, which says `shown`: the name of what the act is done to, or whatever
    else of it must still be so. `back` is where nothing is done. `facts` are names and values.
    """

    title: str
    text: str
    button: str
    path: str
    back: str
    shown: str
    facts: Sequence[tuple[str, str]] = ()
    is_danger: bool = True


def ask(request: Request, question: Question) -> Response:
    """The page that asks."""
    return page.show(request, "confirm.html", question=question)


def require_shown(shown: str, confirmed: str) -> None:
    """Raises InvalidInput unless a form says what is so now."""
    if confirmed != shown:
        raise InvalidInput("This is not what was shown any more: open the page again.")
