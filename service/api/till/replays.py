"""A replay's body and its streamed answer, a line per sale."""

import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from itertools import islice

from anyio import CapacityLimiter, to_thread
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from service import checkout
from service.admin.keys import Caller
from service.api.problems import pointer
from service.api.till.bodies import faults, parsed
from service.api.till.elements import after_blanks, cut, elements
from service.api.till.forms import house_of, offline_of
from service.api.till.schemas import OfflineIn
from service.errors import (
    Busy,
    InvalidInput,
    LarderError,
    Misconfigured,
    Problem,
    without_message,
)
from service.settings import Settings
from service.store.session import Database

MOST = 5000
"""Sales in one replay."""

_SECONDS_AT_ONCE = 0.05
"""So long a thread takes sales before it sends what was answered; a turn for each would be dear."""

_MOST_FAILED = 3
"""After so many sales in a row that the database did not take, the others are not tried."""

_NOT_TRIED = "The database did not take the sales before; send this one again later."

_NDJSON = "application/x-ndjson"
_JSON = "application/json"
_SALE = {"$ref": "#/components/schemas/OfflineIn"}
SALES = {"type": "array", "maxItems": MOST, "items": _SALE}
"""Sales as a JSON array, for the OpenAPI document."""
BODY = {
    "requestBody": {
        "required": True,
        "description": "Sales, one JSON object a line, or a JSON array of them. One that cannot be "
        "read is refused in its own line of the answer; the others are taken.",
        "content": {
            _NDJSON: {"schema": {"type": "string", "minLength": 1}},
            _JSON: {"schema": {"anyOf": [SALES, _SALE]}},
        },
    }
}
"""What a replay's body is, for the OpenAPI document."""

logger = logging.getLogger("larder.till")


class Lines(StreamingResponse):
    """An answer of one JSON object a line."""

    media_type = _NDJSON


def split(body: bytes, *, kind: str = "") -> list[bytes | memoryview]:
    """The sales of a body: a JSON array, or a JSON object a line; `kind` is its media type.

    They are counted before any is parsed; what is not JSON is left for its own answer. Raises
    InvalidInput for nothing at all, for JSON that is neither, an array that does not end, and for
    more than 5,000.
    """
    start = after_blanks(body, 0, len(body))
    first = body[start : start + 1]
    if not first:
        raise InvalidInput("No sale was sent.", [Problem("#", "is empty")])
    if kind == _JSON and first not in (b"[", b"{"):
        raise InvalidInput("The body is no sale.", [Problem("#", "is neither an array nor a sale")])
    try:
        found = elements(body) if first == b"[" else _lines(body)
        sales = list(islice(found, MOST + 1))
    except ValueError as error:
        raise InvalidInput("The array is not JSON.", [Problem("#", str(error))]) from None
    if len(sales) > MOST:
        raise InvalidInput(
            "Too many sales at once.",
            [Problem("#", f"more than {MOST} sales", "send as many and go on with the rest")],
        )
    return sales


def _lines(body: bytes) -> Iterator[bytes | memoryview]:
    start = after_blanks(body, 0, len(body))
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        yield cut(body, start, end)
        start = after_blanks(body, end, len(body))


async def beside(lines: Iterator[str], limiter: CapacityLimiter) -> AsyncIterator[str]:
    """The same lines, some at a time and in a thread; so many replays at once and no more."""
    while some := await to_thread.run_sync(_some, lines, limiter=limiter):
        yield some


def _some(lines: Iterator[str]) -> str:
    until = time.monotonic() + _SECONDS_AT_ONCE
    taken = []
    for line in lines:
        taken.append(line)
        if time.monotonic() > until:
            break
    return "".join(taken)


def answers(
    sales: list[bytes | memoryview],
    *,
    database: Database,
    settings: Settings,
    caller: Caller,
) -> Iterator[str]:
    """One line of JSON per sale, as each is taken; a sale that fails does not stop the others."""
    house = house_of(settings)
    failed = 0
    for index, sale in enumerate(sales):
        if failed >= _MOST_FAILED:
            yield _not_taken(index, "failed", Misconfigured(_NOT_TRIED))
            continue
        try:
            if len(sale) > settings.max_body_bytes:
                raise InvalidInput(f"A sale may have {settings.max_body_bytes} bytes.")
            body = parsed(bytes(sale), OfflineIn)
            offline = offline_of(body, caller, house=house)
            answer = checkout.replay(database, settings, offline)
        except ValidationError as error:
            yield _not_taken(index, "refused", _unreadable(error))
        except (Busy, Misconfigured) as error:
            failed += 1
            yield _not_taken(index, "failed", error)
        except LarderError as error:
            status = "failed" if error.status in (409, 429) else "refused"
            yield _not_taken(index, status, error)
        except Exception as error:
            logger.error("a replayed sale could not be written: %s", without_message(error))
            yield _not_taken(index, "failed", LarderError("Something went wrong here."))
        else:
            failed = 0
            yield f'{{"index":{index},{answer[1:-1]},"problem":null}}\n'


def _not_taken(index: int, status: str, error: LarderError) -> str:
    problem = {
        "type": f"urn:larder:problem:{error.type}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "errors": [
            {"pointer": p.where, "detail": p.detail, "remedy": p.remedy} for p in error.problems
        ],
    }
    line = {
        "index": index,
        "status": status,
        "conflicts": [],
        "answer": None,
        "problem": problem,
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _unreadable(error: ValidationError) -> InvalidInput:
    count = error.error_count()
    return InvalidInput(
        f"{count} part{'s' * (count != 1)} of the sale cannot be understood.",
        [
            Problem(pointer(each["type"], ("body", *each["loc"])), str(each["msg"]))
            for each in faults(error)[:20]
        ],
    )
