"""docs/pos.md says what is so: its session is run, its fields and reasons are complete."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from service.admin.keys import add_key
from service.api.till import schemas as till
from service.checkout.believe import Doubt
from service.checkout.replay import OTHER_ANSWER
from service.demo.replay import serve_on_loopback
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.shop import H1, STORE, open_shop

DOCUMENT = (Path(__file__).parents[3] / "docs" / "pos.md").read_text(encoding="utf-8")
FORMS = (
    till.BasketIn,
    till.AnswerOut,
    till.LookupIn,
    till.LookupOut,
    till.VoidIn,
    till.VoidOut,
    till.ReturnIn,
    till.ReturnOut,
    till.OfflineIn,
    till.ReplayedOut,
)


def masked(value: Any) -> Any:
    """The answer with what differs from run to run left out."""
    if isinstance(value, dict):
        secret = {"redemption_id", "return_id", "list_code"}
        return {k: "..." if k in secret and v else masked(v) for k, v in value.items()}
    return [masked(each) for each in value] if isinstance(value, list) else value


def fields(form: type[BaseModel]) -> set[str]:
    """Every field name of a form and of the forms within it."""
    text = json.dumps(form.model_json_schema())
    return set(re.findall(r'"properties": \{"(\w+)"', text)) | {
        name
        for part in (form.model_json_schema(), *form.model_json_schema().get("$defs", {}).values())
        for name in part.get("properties", {})
    }


def test_the_session_gives_what_the_document_shows(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    shop = open_shop(database, settings, tmp_path)
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    session = DOCUMENT.split("## A session")[1]
    steps = re.findall(r"```sh\n(.*?)```\s+```json\n(.*?)```", session, re.DOTALL)
    assert len(steps) == 6
    with serve_on_loopback(database, settings) as address:
        environment = {**os.environ, "LARDER": address, "KEY": key, "LIST": shop.lists[H1]}
        for commands, shown in steps:
            ran = subprocess.run(
                ["bash", "-euc", commands],
                env=environment,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert ran.returncode == 0, (ran.returncode, ran.stderr, ran.stdout)
            assert masked(json.loads(ran.stdout)) == json.loads(shown)


def test_every_field_is_in_the_document() -> None:
    named = set(re.findall(r"`\"?(\w+)\"?`", DOCUMENT))
    missing = {name for form in FORMS for name in fields(form)} - named
    assert missing == set()


def test_the_reasons_that_only_replays_know_are_in_the_document() -> None:
    assert [each for each in (OTHER_ANSWER, *Doubt) if f"`{each}`" not in DOCUMENT] == []
