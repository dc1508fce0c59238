"""Phones of households: the real applications as they are served, over each database."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.digests import page_digest
from service.engine.records import ListDocument
from service.files.apart import Apart
from service.pocket import app as pocket
from service.settings import Settings
from service.store.session import Database
from tests.market import open_issued, query

CODES = {"M03": "0123456789abcdefghjkmnpqrs", "M04": "0123456789abcdefghjkmnpqrt"}
CARDS = {"M03": "952123400000000003", "M04": "952123400000000004"}


@dataclass(frozen=True, slots=True)
class House:
    """A service with lists whose pages have the codes above."""

    database: Database
    settings: Settings
    apart: Apart
    app: FastAPI

    def phone(self) -> TestClient:
        """A phone that opened nothing yet."""
        return TestClient(
            self.app, base_url="https://shop.example", headers={"Sec-Fetch-Site": "same-origin"},
            raise_server_exceptions=False,
        )  # fmt: skip

    def document(self, ref: str) -> ListDocument:
        """What is printed on the newest list of a household."""
        ((text,),) = query(
            self.database,
            f"""SELECT document FROM shopping_list s JOIN household h ON h.id = s.household_id
                WHERE h.ref = '{ref}' AND s.state = 'issued'""",
        )
        return ListDocument.from_json(str(text))


@pytest.fixture
def house(database: Database, settings: Settings, tmp_path: Path, apart: Apart) -> House:
    return open_house(database, settings, tmp_path, apart)


def open_house(database: Database, settings: Settings, folder: Path, apart: Apart) -> House:
    """The market with lists whose pages open with `CODES`, over a fresh database."""
    open_issued(database, settings, folder)
    with database.write() as session:
        for ref, code in CODES.items():
            session.connection().exec_driver_sql(
                "INSERT INTO list_page (code_digest, list_id, state, written_at) "
                f"SELECT '{page_digest(settings.secret_key, code)}', s.id, 'open', s.written_at "
                "FROM shopping_list s JOIN household h ON h.id = s.household_id "
                f"WHERE h.ref = '{ref}' AND s.state = 'issued'"
            )
        # Lists of 2026-03 that are good today, whatever day it is.
        day = "'2999-12-31'"
        session.connection().exec_driver_sql(f"UPDATE shopping_list SET valid_to = {day}")
    return _served(database, settings, apart)


def with_settings(house: House, **update: Any) -> House:
    """The same with other settings."""
    return _served(house.database, house.settings.model_copy(update=update), house.apart)


def _served(database: Database, settings: Settings, apart: Apart) -> House:
    """The real applications, as they are served."""
    pages = {
        pocket.PATH: pocket.create_pocket(database, settings),
        pocket.CODES: pocket.create_codes(),
    }
    return House(
        database, settings, apart, create_app(database, settings, apart=apart, pages=pages)
    )
