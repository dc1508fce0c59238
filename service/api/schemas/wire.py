"""Types that all bodies share: no unknown members, whole minor units, times with an offset."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

Reference = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")
]
MAX_LINES = 1000
MAX_PRESENTED = 20
MAX_CENTS = 10**11
_MAX_NUMBER = 10**18
# Clocks may say anything; what lies beyond has no moment in UTC.
_EARLIEST, _LATEST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
# PostgreSQL cannot store NUL in a text, and no text to print has control characters.
PLAIN = r"^[^\x00-\x1f\x7f]+$"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: Any) -> Any:
    if isinstance(value, int | float) or (isinstance(value, str) and not _DAY.fullmatch(value)):
        raise ValueError("a date is written YYYY-MM-DD")
    return value


def _moment(value: Any) -> Any:
    # Pydantic would read a number as seconds since 1970, which has no offset.
    if isinstance(value, int | float) or (isinstance(value, str) and not _DAY.match(value)):
        raise ValueError("a moment is written YYYY-MM-DDThh:mm:ss with its offset")
    return value


def _text(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number and 0 <= value < _MAX_NUMBER else value


Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[AwareDatetime, Field(ge=_EARLIEST, le=_LATEST), BeforeValidator(_moment)]
# Tills number their terminals and receipts; a JSON number and a text of its digits are the same.
Number = Annotated[
    Reference,
    BeforeValidator(
        _text, json_schema_input_type=Reference | Annotated[int, Field(ge=0, lt=_MAX_NUMBER)]
    ),
]


class Wire(BaseModel):
    """A body; unknown members are refused."""

    model_config = ConfigDict(extra="forbid")
