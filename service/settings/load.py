"""Reading the settings, with a problem for each wrong variable."""

from typing import TypeVar

from pydantic import ValidationError

from service.errors import Misconfigured, Problem
from service.settings.executors import ExecutorSettings
from service.settings.group import ENV_FILE, PREFIX, Group
from service.settings.letters import LetterSettings
from service.settings.whole import Settings

Kind = TypeVar("Kind", bound=Group)


def load_settings() -> Settings:
    """Read the settings. Raises Misconfigured with a problem for each wrong variable."""
    return _load(Settings)


def load_letter_settings() -> LetterSettings:
    """Read the settings of letters, which need no keys. Raises Misconfigured."""
    return _load(LetterSettings)


def load_executor_settings() -> ExecutorSettings:
    """Read the settings of parallel work, which need no keys. Raises Misconfigured."""
    return _load(ExecutorSettings)


def _load(kind: type[Kind]) -> Kind:
    try:
        return kind()
    except UnicodeDecodeError as error:
        raise Misconfigured(f"The file {ENV_FILE} is not UTF-8 text: {error.reason}.") from None
    except ValidationError as error:
        problems = [
            Problem(
                where=PREFIX + "_".join(str(part) for part in fault["loc"]).upper(),
                detail="is not set" if fault["type"] == "missing" else _plain_message(fault["msg"]),
                remedy="run `larder init`" if fault["type"] == "missing" else "",
            )
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise Misconfigured("The settings are not complete or not valid.", problems) from None


def _plain_message(message: str) -> str:
    return message.removeprefix("Value error, ")
