"""What messages say, in the languages of households."""

import json
from functools import lru_cache
from importlib.resources import files

_FALLBACK = "en"


def code_text(language: str, *, code: str, retailer: str, minutes: int) -> tuple[str, str]:
    """The subject and the body of a one-time code, in a language such as `de-AT` or in English."""
    known = _texts()
    base = language.replace("_", "-").partition("-")[0].lower()
    texts = known.get(base, known[_FALLBACK])
    values = {"code": code, "retailer": retailer, "minutes": minutes}
    return texts["code_subject"].format(**values), texts["code_body"].format(**values)


def languages() -> tuple[str, ...]:
    """The languages that messages are written in."""
    return tuple(_texts())


@lru_cache(maxsize=1)
def _texts() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(
        (files("templates") / "messages.json").read_text(encoding="utf-8")
    )
    return found
