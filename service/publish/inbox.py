"""Acknowledgement files handed in over SFTP: stored, applied, and each with a report beside it."""

import io
import json
import re
import tempfile
from dataclasses import asdict
from pathlib import Path
from shutil import copyfileobj
from typing import IO

from service.errors import InvalidInput, LarderError, Problem
from service.publish.acknowledge import AckReport, acknowledge
from service.publish.depot import open_depot, put_bytes, read_chunks
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database

FOLDER = "ack"
"""The depot's folder of these files and their reports."""
SFTP = "sftp"
REPORT = ".report.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.()+-]{0,95}\.(csv|CSV)")
_LINE_ENDS = (b"\n", b"\r", b"\n\0", b"\r\0")
"""Of UTF-8, and of UTF-16 in either order."""


def accept_file(database: Database, settings: Settings, name: str, content: bytes) -> None:
    """Store a file, apply it and write its report beside it.

    Raises what `acknowledge` raises, after writing it into the report. A file without an end of its
    last line was cut off in transfer: it is not applied and raises InvalidInput.
    """
    accept_stream(database, settings, name, io.BytesIO(content))


def accept_stream(database: Database, settings: Settings, name: str, content: IO[bytes]) -> None:
    """The same with a file that is read in parts."""
    open_depot(settings).put(FOLDER, name, lambda out: copyfileobj(content, out))
    _process(database, settings, name)


def process_waiting(database: Database, settings: Settings) -> list[str]:
    """Apply the files without a report, left by a process that died; returns their names."""
    stored = open_depot(settings).files(FOLDER)
    waiting = sorted(
        name for name in stored if NAME.fullmatch(name) and f"{name}{REPORT}" not in stored
    )
    for name in waiting:
        try:
            _process(database, settings, name)
        except LarderError:
            # The report has the error; the other files are still applied.
            continue
    return waiting


def _process(database: Database, settings: Settings, name: str) -> None:
    store = open_depot(settings)
    with tempfile.TemporaryDirectory(prefix="larder-") as near:
        path = Path(near) / "acknowledgement.csv"
        with path.open("wb") as out:
            last = b""
            for chunk in read_chunks(store, FOLDER, name):
                out.write(chunk)
                last = (last + chunk[-2:])[-2:]
        try:
            if not last.endswith(_LINE_ENDS):
                raise _cut_off_error(name)
            report = acknowledge(database, settings, path, name=name, by=Actor(SFTP))
        except LarderError as error:
            if error.status < 500:
                _write_report(settings, name, _error_as_json(error))
            raise
    _write_report(settings, name, _as_json(report))


def _write_report(settings: Settings, name: str, content: dict[str, object]) -> None:
    text = f"{json.dumps(content, indent=2, ensure_ascii=False)}\n".encode()
    put_bytes(open_depot(settings), FOLDER, f"{name}{REPORT}", text)


def _as_json(report: AckReport) -> dict[str, object]:
    return {
        "rows": report.rows,
        "taken": report.taken,
        "known": report.known,
        "refused": report.refused,
        "faults": [asdict(problem) for problem in report.problems],
    }


def _error_as_json(error: LarderError) -> dict[str, object]:
    return {"detail": error.detail, "faults": [asdict(problem) for problem in error.problems]}


def _cut_off_error(name: str) -> InvalidInput:
    fault = Problem(name, "its last line is not ended", "send the whole file again")
    return InvalidInput(
        "%(name)s was cut off on its way; nothing of it was taken in.", [fault], name=name
    )
