"""Load what letters carry besides offers and reminders: the whole file, or nothing of it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from service.errors import InvalidInput, Problem
from service.files import layouts
from service.files.content_form import SCHEMA, ContentForm
from service.files.content_rules import Place, faults_of, notes_on
from service.files.content_trial import faults_in_print
from service.files.notes import Note
from service.settings import Settings
from service.store import content
from service.store.session import Database
from service.store.tables.content import ContentEntry, ContentKind

_MOST_BYTES = 16_777_216
_LISTS = {
    "recipes": ContentKind.RECIPE,
    "tips": ContentKind.TIP,
    "hours": ContentKind.HOURS,
    "partners": ContentKind.PARTNER,
    "diets": ContentKind.DIET,
}


@dataclass(slots=True)
class ContentReport:
    """How many entries of a file are new, changed or the same, by kind, and how many were removed.

    `notes` are for the person who loads the file; none of them asks.
    """

    taken: dict[str, int] = field(default_factory=dict)
    known: int = 0
    removed: int = 0
    notes: list[Note] = field(default_factory=list)


def load_content(
    database: Database, settings: Settings, path: Path, *, replace: bool = False
) -> ContentReport:
    """Add the entries of a file, in place of those with the same keys.

    With `replace` entries that the file does not have are removed. Raises InvalidInput with every
    fault by place; then nothing is loaded.
    """
    form = read_form(path)
    entries = list(_entries(form))
    with database.read() as session:
        stored = {
            (kind, key): body
            for kind, found in content.entries(session).items()
            for key, body in found
        }
        diets = {key for kind, key in stored if kind == ContentKind.DIET and not replace}
        problems = faults_of(form, spoken=tuple(layouts.wordings()), diets=diets)
        problems = problems or faults_in_print(form, settings)
        if problems:
            raise InvalidInput(
                f"{path.name} has faults; nothing of it was loaded.",
                [Problem(f"{path.name}, {where}", *rest) for where, *rest in problems],
            )
        notes = [Note(text) for text in notes_on(session, form)]
    report = ContentReport(notes=notes)
    changed = [each for each in entries if stored.get((each.kind, each.key)) != each.body]
    report.known = len(entries) - len(changed)
    for each in changed:
        report.taken[each.kind] = report.taken.get(each.kind, 0) + 1
    kept = {(each.kind, each.key) for each in entries}
    gone = sorted(stored.keys() - kept) if replace else []
    report.removed = len(gone)
    with database.write() as session:
        content.remove(session, gone)
        content.save(session, changed)
    return report


def read_form(path: Path) -> ContentForm:
    """The form in a file. Raises InvalidInput when it cannot be read, with every fault by place."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    if len(body) > _MOST_BYTES:
        raise InvalidInput(f"{path} has {len(body):,} bytes; {_MOST_BYTES:,} is the most.")
    try:
        text = body.decode("utf-8-sig")
        json.loads(text, object_pairs_hook=_members)
        return ContentForm.model_validate_json(text)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no UTF-8 text: {error.reason}") from None
    except ValidationError as error:
        raise InvalidInput(
            f"{path.name} is not in the form {SCHEMA}; nothing of it was loaded.",
            [_problem(path, fault) for fault in error.errors(include_url=False)],
        ) from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path} cannot be read as JSON: {error}") from None


def _members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"one object has the key {twice!r} twice")
    return found


def _problem(path: Path, fault: Any) -> Problem:
    where = str(Place(*(part for part in fault["loc"] if part != "[key]")))
    details = {
        "missing": ("is missing", "add it"),
        "extra_forbidden": ("is not known", "remove it, or correct its name"),
    }
    plain = str(fault["msg"]).removeprefix("Value error, ")
    detail, remedy = details.get(fault["type"], (plain[:1].lower() + plain[1:], ""))
    return Problem(f"{path.name}, {where}", detail, remedy)


def _entries(form: ContentForm) -> Iterator[ContentEntry]:
    at = datetime.now(UTC)
    for name, kind in _LISTS.items():
        each: BaseModel
        for each in getattr(form, name):
            body = each.model_dump(mode="json", by_alias=True)
            yield ContentEntry(kind=kind, key=body["key"], body=body, loaded_at=at)
    for of, pictogram in form.pictograms.items():
        body = {"pictogram": str(pictogram)}
        yield ContentEntry(kind=ContentKind.PICTOGRAM, key=of, body=body, loaded_at=at)
