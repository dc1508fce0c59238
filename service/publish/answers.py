"""Acknowledgement files dropped into a folder: kept, taken in, and answered beside them."""

import json
import re
import tempfile
from dataclasses import asdict
from pathlib import Path

from service.errors import InvalidInput, LarderError, Problem
from service.publish.acknowledge import AckReport, acknowledge
from service.publish.depot import chunks, depot, put_bytes
from service.settings import Settings
from service.store.session import Database

ANSWERS = "ack"
"""The folder of the depot that they are kept in."""
SFTP = "sftp"
REPORT = ".report.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.()+-]{0,95}\.csv")


def drop(database: Database, settings: Settings, name: str, content: bytes) -> None:
    """Keep a file and take it in; the report stands beside it when it is done.

    Raises what `acknowledge` raises, after writing it into the report. A file whose last line is
    not ended was cut off on its way and is not taken in.
    """
    put_bytes(depot(settings), ANSWERS, name, content)
    _take_in(database, settings, name)


def take_in_waiting(database: Database, settings: Settings) -> list[str]:
    """Take in the files that have no report yet, left by a process that died; their names."""
    there = depot(settings).files(ANSWERS)
    waiting = sorted(
        name for name in there if NAME.fullmatch(name) and f"{name}{REPORT}" not in there
    )
    for name in waiting:
        try:
            _take_in(database, settings, name)
        except LarderError:
            # The report says it; the other files are not held up.
            continue
    return waiting


def _take_in(database: Database, settings: Settings, name: str) -> None:
    store = depot(settings)
    with tempfile.TemporaryDirectory(prefix="larder-") as near:
        path = Path(near) / "acknowledgement.csv"
        with path.open("wb") as out:
            last = b""
            for chunk in chunks(store, ANSWERS, name):
                out.write(chunk)
                last = chunk[-1:]
        try:
            if last not in (b"\n", b"\r"):
                raise _cut_off(name)
            report = acknowledge(database, settings, path, name=name, source=SFTP)
        except LarderError as error:
            if error.status < 500:
                _answer(settings, name, _refused(error))
            raise
    _answer(settings, name, _told(report))


def _answer(settings: Settings, name: str, said: dict[str, object]) -> None:
    content = f"{json.dumps(said, indent=2, ensure_ascii=False)}\n".encode()
    put_bytes(depot(settings), ANSWERS, f"{name}{REPORT}", content)


def _told(report: AckReport) -> dict[str, object]:
    return {
        "rows": report.rows,
        "taken": report.taken,
        "known": report.known,
        "refused": report.refused,
        "faults": [asdict(problem) for problem in report.problems],
    }


def _refused(error: LarderError) -> dict[str, object]:
    return {"detail": error.detail, "faults": [asdict(problem) for problem in error.problems]}


def _cut_off(name: str) -> InvalidInput:
    fault = Problem(name, "its last line is not ended", "send the whole file again")
    return InvalidInput(f"{name} was cut off on its way; nothing of it was taken in.", [fault])
