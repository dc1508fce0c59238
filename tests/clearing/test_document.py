"""docs/clearing.md names every invariant, state and reason."""

import re
from pathlib import Path

from service.clearing.books import NAMES
from service.engine.clearing.claim import ClaimState, DisputeReason, SettlementKind
from service.files.agreements import AccountIn, AddressIn, AgreementIn, PartyIn

DOCUMENT = (Path(__file__).parents[2] / "docs" / "clearing.md").read_text(encoding="utf-8")


def test_every_invariant_is_explained_in_its_order() -> None:
    table = DOCUMENT.partition("| invariant |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [*NAMES]


def test_every_state_reason_and_field_is_named() -> None:
    named = {*re.findall(r"`(\w+)`", DOCUMENT)}
    assert {*map(str, ClaimState), *map(str, DisputeReason), *map(str, SettlementKind)} <= named
    fields = {*AgreementIn.model_fields, *AccountIn.model_fields, *AddressIn.model_fields}
    assert fields <= named
    assert {f'"{name}"' for name in PartyIn.model_fields} - {'"per_use"'} <= {
        *re.findall(r'"\w+"', DOCUMENT)
    }
