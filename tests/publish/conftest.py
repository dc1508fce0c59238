"""Every test of publishing starts with issued lists, two pieces to a file."""

from pathlib import Path

import pytest

from service.settings import Settings
from service.store.session import Database
from tests.mail import open_mail, open_published


@pytest.fixture
def shop(settings: Settings) -> Settings:
    """The settings, with two pieces to a file."""
    return settings.model_copy(update={"pieces_per_file": 2})


@pytest.fixture
def mail(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_mail(database, settings, tmp_path)


@pytest.fixture
def published(database: Database, shop: Settings, tmp_path: Path) -> Settings:
    """The settings, with the package of the cycle printed."""
    open_published(database, shop, tmp_path)
    return shop
