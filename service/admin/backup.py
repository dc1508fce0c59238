"""Backups: the database as of one moment, packages, files of history, and a manifest of all.

A backup is a folder that gets its name when it is whole. It holds customers' data and no keys:
these are kept apart, and whether they fit is told by their fingerprints.
"""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from service.admin import server_tools
from service.admin.status import read_status
from service.errors import Conflict, InvalidInput, Misconfigured, Problem
from service.secret_key import both
from service.settings import Settings
from service.store import migrate
from service.store.history import manifest as files
from service.store.history.place import Place, place_of
from service.store.session import Database

MANIFEST = "manifest.json"
PACKAGES = "packages"
HISTORY = "history"
SCHEMA = 1
_NAMES = {True: "larder.db", False: "larder.dump"}
_PAGES = 4096
_CHUNK = 1 << 20
COUNTED = ("products", "households", "baskets", "issued_lists", "redemptions", "batches")


def back_up(database: Database, settings: Settings, folder: Path, *, now: datetime) -> Path:
    """Write a backup into a folder of its own there; returns it.

    Tills go on meanwhile. Files of history that are damaged are left out, and its manifest names
    them (`history_damaged`). Raises Misconfigured where `pg_dump` is missing or older than the
    server, Conflict when a backup of this second is there.
    """
    name = f"larder-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    done, part = folder / name, folder / f"{name}.part"
    if done.exists():
        raise Conflict("There is a backup %(name)s already.", name=name)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    copy = part / _NAMES[database.is_sqlite]
    if database.is_sqlite:
        _copy_sqlite(_file_of(database), copy)
    else:
        server_tools.dump(database, settings, copy)
    if not settings.package_store and settings.output_folder.is_dir():
        shutil.copytree(settings.output_folder, part / PACKAGES)
    with database.read() as session:
        revision = migrate.revision(session.connection())
    damaged = _copy_history(database, part / HISTORY)
    manifest = {
        "schema": SCHEMA,
        "at": now.astimezone(UTC).isoformat(),
        "version": metadata.version("larder"),
        "migration": revision,
        "database": "sqlite" if database.is_sqlite else "postgresql",
        "keys": fingerprints(settings),
        "history_damaged": damaged,
        "files": {
            path.relative_to(part).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha(path)}
            for path in sorted(part.rglob("*"))
            if path.is_file()
        },
    }
    (part / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    part.rename(done)
    return done


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a backup, every file of which is there and as it was written.

    Raises InvalidInput naming each file that is not.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files: Mapping[str, Mapping[str, Any]] = manifest["files"]
        known = manifest["schema"] == SCHEMA
    except (OSError, ValueError, KeyError, TypeError):
        raise InvalidInput(
            "%(folder)s is no backup: its manifest cannot be read.", folder=str(folder)
        ) from None
    if not known:
        raise InvalidInput("A newer version of Larder made this backup. Install that version.")
    wrong = [
        Problem(name, fault, "take another backup")
        for name, said in files.items()
        if (fault := _fault(folder / name, said))
    ]
    if wrong:
        raise InvalidInput("The backup is not whole.", wrong)
    return manifest


def restore(database: Database, settings: Settings, folder: Path) -> dict[str, Any]:
    """Bring a backup into a database without tables; its packages into a folder without files.

    Returns the manifest. Raises InvalidInput for a backup that is not whole, Conflict for a
    database that has tables or a place that has files of history, Misconfigured for a database of
    another kind.
    """
    manifest = read_manifest(folder)
    kind = "sqlite" if database.is_sqlite else "postgresql"
    if manifest["database"] != kind:
        raise Misconfigured(
            "The backup is of %(of)s, and LARDER_DATABASE_URL names %(kind)s.",
            of=manifest["database"],
            kind=kind,
        )
    history = folder / HISTORY
    if history.is_dir() and Place(database.history).sizes():
        # They may be of a database that goes on, and would be replaced and removed.
        raise Conflict("There are files in LARDER_HISTORY_STORE already: name another place.")
    copy = folder / _NAMES[database.is_sqlite]
    if database.is_sqlite:
        file = _file_of(database)
        if file.exists() and file.stat().st_size:
            raise Conflict("The file %(file)s is there already: name another.", file=str(file))
        file.parent.mkdir(parents=True, exist_ok=True)
        _copy_sqlite(copy, file)
    else:
        with database.read() as session:
            if migrate.revision(session.connection()) is not None:
                raise Conflict("The database has tables already: name an empty one.")
        server_tools.load(database, settings, copy)
    for path in sorted(each for each in history.rglob("*") if each.is_file()):
        Place(database.history).write(path.relative_to(history).as_posix(), path.read_bytes())
    packages = folder / PACKAGES
    if packages.is_dir() and not settings.package_store:
        shutil.copytree(packages, settings.output_folder, dirs_exist_ok=True)
    return manifest


def counts_of(database: Database) -> dict[str, int]:
    """What a database holds, to be compared."""
    found = asdict(read_status(database))
    return {name: found[name] for name in COUNTED}


def fingerprints(settings: Settings) -> dict[str, str]:
    """Of both keys: enough to say whether they are the same, too little to find them by."""
    keys = {"secret": settings.secret_key, "code": settings.code_key}
    return {name: _fingerprint(value) for name, value in keys.items()}


def said_of_keys(settings: Settings, made_with: Mapping[str, str]) -> list[str]:
    """What somebody should know who brings back what was made with other keys."""
    said = []
    secrets = [_fingerprint(key) for key in both(settings.secret_key)]
    if made_with["secret"] not in secrets:
        said.append("WRONG: LARDER_SECRET_KEY is not the key that it was made with")
    elif made_with["secret"] != secrets[0]:
        said.append(
            "It was made with LARDER_SECRET_KEY_BEFORE: cards, phones and API keys are found under "
            "it. Run larder keys renew before that setting goes."
        )
    if made_with["code"] != fingerprints(settings)["code"]:
        said.append(
            "LARDER_CODE_KEY is not the key that it was made with: lists in it keep their codes, "
            "new ones get theirs under the key that is set."
        )
    return said


def _fingerprint(key: SecretStr) -> str:
    return hashlib.sha256(b"larder backup\0" + key.get_secret_value().encode()).hexdigest()[:8]


def _copy_history(database: Database, target: Path) -> list[str]:
    """The files that the manifest names, those that were just replaced too; those damaged.

    The database was copied before: whatever it named then is named still.
    """
    with database.read() as session:
        known = files.known(session)
        place = place_of(session) if known else None
    damaged = []
    for file in known:
        assert place is not None
        try:
            content = place.read(file.path)
        except FileNotFoundError:
            content = b""
        if hashlib.sha256(content).hexdigest() == file.sha256:
            (target / file.path).parent.mkdir(parents=True, exist_ok=True)
            (target / file.path).write_bytes(content)
        elif file.replaced_at is None:
            damaged.append(file.path)
    return damaged


def _copy_sqlite(source: Path, target: Path) -> None:
    """The file as of one moment, with what its log holds; writers go on."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as there,
        closing(sqlite3.connect(target)) as here,
    ):
        there.backup(here, pages=_PAGES, sleep=0)
        (said,) = here.execute("PRAGMA quick_check").fetchone()
    if said != "ok":
        raise Misconfigured("The database file is damaged: %(said)s", said=said)


def _file_of(database: Database) -> Path:
    return Path(database.url.removeprefix("sqlite:///"))


def _fault(path: Path, said: Mapping[str, Any]) -> str:
    if not path.is_file():
        return "is missing"
    if path.stat().st_size != said["bytes"]:
        return f"has {path.stat().st_size} bytes, not {said['bytes']}"
    return "" if _sha(path) == said["sha256"] else "is not what was written"


def _sha(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
