"""docs/members.md names what there is."""

from pathlib import Path

from service.engine.wishes import WishAct
from service.store.tables.consent import ConsentChannel, Purpose

TEXT = Path("docs/members.md").read_text(encoding="utf-8")


def test_every_purpose_and_channel_is_named() -> None:
    for each in (*Purpose, *ConsentChannel, *WishAct):
        assert f"`{each.value}`" in TEXT
