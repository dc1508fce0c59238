"""Agreements: loaded whole or not at all, revised when they change, and taken over by deals."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.clearing.agreements import LoadedAgreements, list_agreements, load_agreements
from service.deals import load_deals
from service.engine.clearing.claim import Party
from service.engine.clearing.parties import decode
from service.errors import Conflict, InvalidInput, LarderError, NotFound
from service.files.agreements import example, parse_agreements, read_agreements
from service.settings import Settings
from service.store.session import Database
from tests.checkout.acts import returned, sold, voided
from tests.clearing.conftest import BY, DALE, NOW, OTHERS, agreement, drawn, form
from tests.shop import DEALS, H1, H2, PRODUCTS, Shop, open_shop
from tests.till import FULL

SHARED = [
    {"supplier": "House Brand", "rank": 1, "share_percent": "25", "cap_per_use": "0.20"},
    {"supplier": "Dale Foods", "rank": 2},
]


def loaded(database: Database, settings: Settings, *agreements: dict[str, Any]) -> LoadedAgreements:
    return load_agreements(database, settings, form(*agreements), by=BY, now=NOW)


def test_an_agreement_is_added_once_and_revised_when_it_changes(
    database: Database, settings: Settings, shop: Shop, read_only: Any
) -> None:
    assert loaded(database, settings, DALE, OTHERS) == LoadedAgreements(unchanged=2)
    dearer = {**DALE, "handling_fee": "0.10"}
    assert loaded(database, settings, dearer) == LoadedAgreements(revised=1)
    [(account, [in_force]), _] = list_agreements(database)
    assert (account.number, account.brands, in_force.revision) == ("S-1", ("Dale Foods",), 2)
    assert (in_force.fee_cents, in_force.tax_code, in_force.tax_basis_points) == (10, "S", 1900)
    kept = "SELECT revision, fee_cents FROM agreement WHERE ref = 'A-S-1' ORDER BY revision"
    assert read_only(kept) == [(1, 8), (2, 10)]


def test_parties_reach_deals_that_are_not_printed_and_those_that_come(
    database: Database, settings: Settings, shop: Shop, tmp_path: Path, read_only: Any
) -> None:
    shared = {**DALE, "parties": SHARED}
    # Copies of milk are out: what was redeemed must come back as it was split.
    assert loaded(database, settings, shared).parties_given == 0
    more = DEALS.replace("MILK-1", "MILK-2").replace("1.00", "0.90")
    (tmp_path / "more.csv").write_text(more, encoding="utf-8")
    load_deals(database, tmp_path / "more.csv", uploaded_by=BY)
    stored = dict(read_only("SELECT deal_ref, parties FROM offer ORDER BY id"))
    ids = dict(read_only("SELECT name, id FROM supplier"))
    assert stored["MILK-1"] == ""
    assert decode(stored["MILK-2"]) == (
        Party(ids["House Brand"], 1, 2500, None, 20), Party(ids["Dale Foods"], 2),
    )  # fmt: skip
    assert loaded(database, settings, {**shared, "parties": []}).parties_given == 1
    assert dict(read_only("SELECT deal_ref, parties FROM offer"))["MILK-2"] == ""


def test_each_party_is_claimed_for_its_part_and_the_supplier_for_the_fee(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    with database.write() as session:
        for name in ("Dale Foods", "House Brand"):
            session.connection().exec_driver_sql(f"INSERT INTO supplier (name) VALUES ('{name}')")
    house = agreement("S-2", ["House Brand"])
    loaded(database, settings, {**DALE, "parties": SHARED}, house)
    shop = open_shop(database, settings, tmp_path)
    for number, household in ((1, H1), (2, H2)):
        sold(database, settings, number, presented=[("list", shop.lists[household])], lines=FULL)
    dale, second = drawn(database, settings)
    assert (dale.share_cents, dale.fee_cents, dale.lines[0].redemptions) == (160, 16, 2)
    assert (second.share_cents, second.fee_cents, second.lines[0].redemptions) == (40, 0, 2)
    assert second.lines[0].redeemed_cents == 200
    returned(database, settings, 3, of=1, lines=[(1, 1)])
    voided(database, 2)
    back = drawn(database, settings, later=1)
    assert [(claim.share_cents, claim.fee_cents) for claim in back] == [(-160, -16), (-40, 0)]


def test_deals_say_when_nothing_or_another_fee_is_agreed(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "deals.csv"
    open_shop(database, settings, tmp_path)
    before = load_deals(database, path, uploaded_by=BY).notes
    dearer = {**DALE, "handling_fee": "0.10", "valid_from": "2025-01-01"}
    loaded(database, settings, dearer)
    notes = load_deals(database, path, uploaded_by=BY).notes
    assert [note.text for note in notes if note not in before] == [
        "2 deals (House Brand, Oven Works) have no agreement on the first day of redemption: what "
        "is redeemed is claimed once an agreement covers it",
        "1 deal (Dale Foods) has another handling fee than was agreed; the deal's is charged",
    ]


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"account": {**DALE["account"], "currency": "EUR"}}, InvalidInput, "EUR is not the"),
        ({"account": {**DALE["account"], "brands": ["Oven Works"]}}, Conflict, "another account"),
        ({"ref": "N", "valid_from": "2026-06-01"}, InvalidInput, "let one end before the other"),
        ({"parties": [{**SHARED[0], "supplier": "Nobody"}, SHARED[1]]}, InvalidInput, "Nobody"),
    ],
)
def test_what_cannot_be_agreed_is_named_and_nothing_is_loaded(
    database: Database,
    settings: Settings,
    shop: Shop,
    read_only: Any,
    changed: dict[str, Any],
    error: type[LarderError],
    says: str,
) -> None:
    before = read_only("SELECT count(*), max(id) FROM agreement")
    with pytest.raises(error) as refused:
        loaded(database, settings, {**OTHERS, "tolerance": "1.00"}, {**DALE, **changed})
    said = [refused.value.detail, *map(str, refused.value.problems)]
    assert any(says in text for text in said), said
    assert read_only("SELECT count(*), max(id) FROM agreement") == before


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"tax_code": None}, "tax_code"),
        ({"tax_percent": "0"}, "S has a rate above 0"),
        ({"tax_code": "E"}, "only tax code S"),
        ({"valid_to": "2020-01-01"}, "before valid_from"),
        ({"tolerance": "0.001"}, "more than 2 decimals"),
        ({"settlement": "cash"}, "settlement"),
        ({"parties": SHARED[:1]}, "supplier itself"),
        ({"parties": [SHARED[0], {**SHARED[1], "rank": 3}]}, "without a gap"),
        ({"parties": [SHARED[0], {**SHARED[1], "cap_per_use": "1"}]}, "takes the rest"),
        ({"parties": [{"supplier": "A", "rank": 1}, SHARED[1]]}, "share_percent or per_use"),
        ({"parties": [SHARED[0], {**SHARED[0], "rank": 2}]}, "named twice"),
        ({"discount": "1"}, "Extra inputs"),
    ],
)
def test_a_file_says_where_it_is_wrong(changed: dict[str, Any], says: str) -> None:
    whole = {"format": "larder-agreements-1", "agreements": [DALE, {**DALE, **changed}]}
    with pytest.raises(InvalidInput) as refused:
        parse_agreements(json.dumps(whole).encode(), name="a.json")
    problems = [str(problem) for problem in refused.value.problems]
    assert all(problem.startswith("a.json, #/agreements/1") for problem in problems)
    assert any(says in problem for problem in problems), problems


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_agreements(tmp_path / "none.json")
    for body in (b"", b"{", b"[]", b"\xff"):
        with pytest.raises(InvalidInput):
            parse_agreements(body, name="x")
    assert parse_agreements(example().encode(), name="x").agreements[0].ref == "DALE-2026"
    assert PRODUCTS.count("Dale Foods") == 1
