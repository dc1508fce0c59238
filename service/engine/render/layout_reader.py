"""Read the fields of a layout from plain data, with errors that name the element and the key."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.engine.render.layout_fields import LayoutFields, layout_fields
from service.engine.validation import place_of, said_of
from service.errors import InvalidInput, Problem

_SCHEMA = "see layout.schema.json"


def read_fields(data: Mapping[str, Any]) -> LayoutFields:
    """The fields of a layout. Raises `InvalidInput` with all that are wrong."""
    try:
        return layout_fields().validate_python(data)
    except ValidationError as error:
        problems = [_problem(each, data) for each in error.errors(include_url=False)]
        raise InvalidInput(f"layout: {problems[0]}", problems) from None


def _problem(error: ErrorDetails, data: Mapping[str, Any]) -> Problem:
    detail, remedy = said_of(error)
    return Problem(_where(error, data), detail, f"{remedy}; {_SCHEMA}")


def _where(error: ErrorDetails, data: Any) -> str:
    """Where the error is: the path, with ids of elements and parts, or the name of the layout."""
    name = data.get("name", "layout") if isinstance(data, Mapping) else "layout"
    steps, names, value = place_of(error), [str(name)], data
    for number, step in enumerate(steps):
        if isinstance(step, int):
            value = value[step]
            names[-1] = f"{names[-1]}[{step}]"
            if isinstance(value, Mapping) and "id" in value:
                names[-1] = str(value["id"])
        elif number and isinstance(steps[number - 1], int) and step != "kind":
            continue  # Which kind of element it was read as.
        else:
            names.append(step)
            value = value.get(step) if isinstance(value, Mapping) else None
    inside = steps and steps[0] in ("elements", "styles")
    return ".".join(names[1:] if inside else names)
