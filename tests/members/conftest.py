"""Every test here may ask for the shop."""

from pathlib import Path

import pytest

from service.settings import Settings
from service.store.session import Database
from tests.mail import open_published
from tests.shop import shop

__all__ = ["shop"]


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """The settings, with a log of erasures in a folder that is not there yet."""
    kept = tmp_path / "kept" / "erasures.jsonl"
    return settings.model_copy(update={"erasure_log": kept, "pieces_per_file": 2})


@pytest.fixture
def published(database: Database, settings: Settings, tmp_path: Path) -> Settings:
    """The settings, with the package of the cycle printed."""
    open_published(database, settings, tmp_path)
    return settings
