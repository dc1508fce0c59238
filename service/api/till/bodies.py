"""Bodies that a till waits for, read without the framework.

A declared body is parsed into plain objects and validated from these after the dependencies were
solved, which costs a basket of twenty lines more than all of its own validation.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope, Send

from service.api.till.counter import Counter
from service.errors import InvalidInput, Problem

Form = TypeVar("Form", bound=BaseModel)
T = TypeVar("T")
_JSON = "application/json"
LARGE_BYTES = 32_768
"""A longer body is read beside the event loop; up to it that takes 1.5 ms (`bench.stall`)."""

_MOST_COMMAS, _MOST_BRACKETS = 12_500, 4_000
"""More than a sale has with as many lines and discounts as it may, or 400 agreements.

They are counted before it is parsed: whatever thread parses, no other runs meanwhile.
"""

_MOST_FAULTS = 500
"""Beyond so many they are not named: to name 80,000 takes 130 ms."""


class RawRoute(APIRoute):
    """A route whose endpoint takes the request as it is; there are no dependencies to solve.

    Nothing waits for the answer to be sent either, and the application answers every error.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what the endpoint answers."""
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        endpoint: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        answer = await endpoint(Request(scope, receive, send))
        await answer(scope, receive, send)


def described(form: type[BaseModel]) -> dict[str, Any]:
    """What a declared body and caller would say in the OpenAPI document."""
    schema = {"$ref": f"#/components/schemas/{form.__name__}"}
    return {
        "requestBody": {"required": True, "content": {_JSON: {"schema": schema}}},
        "security": [{"HTTPBearer": []}],
    }


async def read(request: Request, form: type[Form]) -> Form:
    """The body as this form. Raises RequestValidationError, as a declared body does."""
    return await read_as(request, form, lambda body: body)


async def read_as(request: Request, form: type[Form], make: Callable[[Form], T]) -> T:
    """What is made of a body of this form; of a large one beside the event loop."""
    sent = await request.body()
    if not _is_json(request.headers.get("content-type", "")):
        raise _invalid([{"type": "media_type", "loc": (), "msg": f"Send it as {_JSON}."}])
    try:
        if len(sent) <= LARGE_BYTES:
            return _made(sent, form, make)
        counter: Counter = request.app.state.till
        return await counter.beside(lambda: _made(sent, form, make))
    except ValidationError as error:
        raise _invalid(faults(error)) from None


def parsed(sent: bytes, form: type[Form]) -> Form:
    """A text as this form. Raises ValidationError, InvalidInput for one of too many parts."""
    if len(sent) > LARGE_BYTES and (
        sent.count(b",") > _MOST_COMMAS or sent.count(b"[") + sent.count(b"{") > _MOST_BRACKETS
    ):
        raise InvalidInput(
            "It has more parts than are read at once.", [Problem("#", "has too many parts")]
        )
    return form.model_validate_json(sent)


def faults(error: ValidationError) -> list[Any]:
    """What cannot be understood of a text, each with its place; one for all where it is much."""
    count = error.error_count()
    if count > _MOST_FAULTS:
        return [{"type": "", "loc": (), "msg": f"{count} parts of it cannot be understood"}]
    # Their inputs may be large.
    return [*error.errors(include_url=False, include_input=False, include_context=False)]


def _made(sent: bytes, form: type[Form], make: Callable[[Form], T]) -> T:
    return make(parsed(sent, form))


def _is_json(content_type: str) -> bool:
    if content_type == _JSON:
        return True
    kind = content_type.partition(";")[0].strip().lower()
    return kind == _JSON or (kind.startswith("application/") and kind.endswith("+json"))


def _invalid(errors: Any) -> RequestValidationError:
    return RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in errors])
