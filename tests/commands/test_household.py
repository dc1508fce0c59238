"""larder household, as it is typed."""

import json
import zipfile
from pathlib import Path

from service.settings import Settings
from service.store.session import Database
from tests.commands.conftest import Larder
from tests.shop import H1, Shop, shop

__all__ = ["shop"]


def test_a_household_says_is_shown_and_is_forgotten(
    configured: Larder, database: Database, settings: Settings, shop: Shop, tmp_path: Path
) -> None:
    assert configured("household", "consents", H1, "--give", "sms").code == 1
    words = ("--wording", "May we write?", "--version", "1", "--place", "store 42")
    given = configured("household", "consents", H1, "--give", "sms", *words)
    assert [line.split()[:2] for line in given.out.splitlines()[1:]] == [
        ["sms", "yes"], ["letter", "yes"]
    ]  # fmt: skip
    said = configured("household", "wishes", H1, "--act", "never", "--item", "Milk")
    assert said.out.splitlines()[1].split()[:2] == ["Milk", "never"]
    shown = configured("household", "contact", H1, "--phone", "+1 502 555 0101")
    assert shown.out == "e-mail: none\ntelephone: +15025550101\n"
    assert configured("household", "export", H1, "--out", "h1.zip").code == 0
    with zipfile.ZipFile(tmp_path / "h1.zip") as packed:
        assert json.loads(packed.read("household.json"))["phone"] == "+15025550101"
    refused = configured("household", "erase", H1)
    assert (refused.code, "cannot be undone" in refused.err) == (1, True)
    assert configured("household", "erase", H1, "--yes").out == "erased: 1 open lists withdrawn\n"
    assert configured("household", "erase", H1, "--yes").code == 1
    assert not (tmp_path / "household-H1.zip").exists()
    assert configured("household", "export", H1).code == 1
    assert [each.name for each in tmp_path.glob("household-*")] == []
    again = configured("household", "erase-again")
    assert again.out == "0 erased again, 1 were, 0 are not in this database\n"
