"""What tills really send, over HTTP: odd codes, units, cards, phones, clocks and retries."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.admin.keys import add_key
from service.cycle.next_list import write_next_list
from service.demo.replay import serve_on_loopback
from service.digests import identity_digest
from service.engine.reading import reading_of
from service.engine.redeem import AmountOff, Condition, Need, Terms
from service.files.households import load_households
from service.files.products import load_products
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.shop import CARDS, H1, H2, MILK, PRODUCTS, SALT, STORE, Shop
from tests.till import body

LABEL, HAM = "2100001027506", 2100001000004
Ask = Any


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A retailer whose scales print weights and whose customers dial as in the United States."""
    changes = {
        "country": "US",
        "variable_measure": "21IIIIIWWWWWC",
        "units": "CS=each",
        "unnamed_goods_count": True,
    }
    return settings.model_copy(update=changes)


@pytest.fixture
def till(shop: Shop, database: Database, settings: Settings) -> Iterator[httpx2.Client]:
    key = add_key(database, settings, role=Role.POS, store_id=STORE)[1]
    with (
        serve_on_loopback(database, settings) as address,
        httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}) as client,
    ):
        yield client


def post(till: httpx2.Client, verb: str, sent: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = till.post(f"/v1/{verb}", json=sent)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sale(
    number: int, *lines: dict[str, Any], presented: list[tuple[str, str]] | None = None
) -> Any:
    """A basket of lines of a piece for 120 each, with what differs in them."""
    plain = {"gtin": MILK, "quantity": 1, "unit": "each", "amount_cents": 120}
    sent = body(number, presented=presented)
    sent["lines"] = [{**plain, "line": n, **line} for n, line in enumerate(lines, start=1)]
    return sent


def test_goods_are_known_however_they_are_scanned_and_odd_lines_stay_in_the_sale(
    till: httpx2.Client,
    shop: Shop,
    database: Database,
    settings: Settings,
    read_only: Ask,
    tmp_path: Path,
) -> None:
    named_by_a_label = PRODUCTS.replace(SALT, LABEL)
    (tmp_path / "ham.csv").write_text(named_by_a_label)
    load_products(database, tmp_path / "ham.csv", reading=reading_of(settings))
    terms = Terms(Condition((Need(0),), minimum_spend_cents=500), AmountOff(200)).to_json()
    with database.write() as session:
        run = session.connection().exec_driver_sql
        run(
            "INSERT INTO offer_product (offer_id, set_number, gtin) SELECT offer_id, set_number, "
            f"{HAM} FROM offer_product WHERE gtin = {MILK}"
        )
        run(f"UPDATE offer SET terms = '{terms}' WHERE id = {shop.soap_offer}")
    card = [("card", CARDS[H1])]
    for number, gtin in enumerate(
        (LABEL, f"]E0{LABEL}", f"]C1010{MILK}", f"0{MILK}", f"(01)0{MILK}")
    ):
        quoted = post(till, "quotes", sale(number, {"gtin": gtin}, presented=card))
        assert quoted["total_discount_cents"] == 100, gtin
    odd: list[dict[str, Any]] = [
        {"gtin": "SHIRT-M", "unit": "EA"},
        {"gtin": "123456789012345678", "unit": "KGM", "amount_cents": 300},
        {"gtin": "", "unit": "CS"},
        {"gtin": None, "unit": None},
        {"gtin": "0000000000000", "unit": "LBR"},
        {"gtin": 4011, "unit": "pcs"},
        {"gtin": "x\x00y" * 200, "unit": "a unit of a name far too long"},
        {"gtin": LABEL, "unit": "kg", "quantity": 0.275, "amount_cents": 275},
    ]
    odd.append({"gtin": "2000000000039", "amount_cents": 80})
    sent = sale(10, *odd, presented=card)
    del sent["lines"][3]["gtin"]
    sold = post(till, "redemptions", sent)
    assert [(d["line"], d["amount_cents"]) for d in sold["discounts"]] == [(8, 100), (9, 80)]
    assert read_only("SELECT gtin, code, unit FROM basket_line ORDER BY line") == [
        (0, "SHIRT-M", "each"),
        (0, "123456789012345678", "kg"),
        (0, "", "each"),
        (0, "", "each"),
        (0, "0000000000000", "lb"),
        (4011, "", "each"),
        (0, ("x\ufffdy" * 200)[:256], "a unit of a name"),
        (HAM, LABEL, "kg"),
        (2000000000039, "", "each"),
    ]
    back = body(11)["transaction"]
    original = {k: v for k, v in sale(10)["transaction"].items() if k != "at"}
    returned = {"transaction": back, "original": original, "lines": [{"line": 1, "quantity": 1}]}
    assert post(till, "returns", returned)["total_refund_cents"] == 120


def test_cards_and_phones_meet_in_every_form_and_move_when_they_are_seen(
    till: httpx2.Client, database: Database, settings: Settings, read_only: Ask, tmp_path: Path
) -> None:
    key = settings.secret_key

    def known(kind: str, form: str) -> bool:
        digest = identity_digest(key, kind, form)
        return bool(read_only(f"SELECT 1 FROM identity WHERE digest = '{digest}'"))

    def used_to_be(kind: str, old: str, new: str) -> None:
        old, new = (identity_digest(key, kind, form) for form in (old, new))
        with database.write() as session:
            session.connection().exec_driver_sql(
                f"UPDATE identity SET digest = '{old}' WHERE digest = '{new}'"
            )

    card = CARDS[H1]
    for number, shown in enumerate(
        [
            ("card", f"]C18018{card}"), ("card", f"(8018){card}"), ("card", f"]C0{card}"),
            ("phone", "001 502 555 0101"), ("phone", "(502) 555-0101"), ("phone", "15025550101"),
        ]
    ):  # fmt: skip
        answer = post(till, "quotes", sale(number, {}, presented=[shown, shown]))
        assert (answer["total_discount_cents"], answer["next_list"]) == (100, {"status": "due"})
        assert {each["reason"] for each in answer["refused"]} == {"not_in_basket"}
    # Both were loaded by an earlier version, as they stood in its file.
    used_to_be("card", f"8018{card}", card)
    used_to_be("phone", "5025550101", "15025550101")
    both = [("card", card), ("phone", "+1 502 555 0101"), ("phone", "5025550101")]
    for number in (20, 21):
        answer = post(till, "redemptions", sale(number, {}, presented=both))
        assert {each["list_line"] for each in answer["refused"]} <= {1, 2, 3}
        assert [known("card", card), known("card", f"8018{card}")] == [True, False]
        assert [known("phone", "15025550101"), known("phone", "5025550101")] == [True, False]
    # A file that gives the number to another household leaves no older form behind.
    used_to_be("phone", "0015025550101", "15025550101")
    (tmp_path / "h.csv").write_text("household_id,phone\nH2,(502) 555 0101\n")
    load_households(
        database, tmp_path / "h.csv", secret_key=key, language="en", country=settings.country,
        accept="all",
    )  # fmt: skip
    assert [known("phone", "15025550101"), known("phone", "0015025550101")] == [True, False]


def test_a_clock_reaches_no_further_than_its_day_and_now(
    till: httpx2.Client, database: Database, settings: Settings, read_only: Ask
) -> None:
    card = [("card", CARDS[H2])]
    odd = {}
    for number, at in enumerate(("2099-01-01T00:00:00+02:00", "1970-01-01T00:00:00Z"), start=1):
        sent = sale(number, {}, presented=card)
        sent["transaction"]["at"] = at
        answer = post(till, "redemptions", sent)
        odd[number] = answer["clock_skew"]
        assert post(till, "redemptions", sent) == answer
    assert odd == {
        1: {"at": "2098-12-31T22:00:00+00:00", "taken_as": "2026-03-05T23:59:59.999999+00:00"},
        2: {"at": "1970-01-01T00:00:00+00:00", "taken_as": "2026-03-05T00:00:00+00:00"},
    }
    assert "clock_skew" not in post(till, "redemptions", sale(3, {}, presented=card))
    offline = {**sale(4, {}), "discounts": []}
    offline["transaction"]["at"] = "2099-01-01T00:00:00Z"
    assert post(till, "replays", offline)["answer"]["clock_skew"]["at"].startswith("2099")
    back = {
        "transaction": {**body(5)["transaction"], "at": "2099-01-01T00:00:00Z"},
        "original": {k: v for k, v in body(3)["transaction"].items() if k != "at"},
        "lines": [{"line": 1, "quantity": 1}],
    }
    assert post(till, "returns", back)["clock_skew"]["at"].startswith("2099")
    kept = read_only("SELECT count(sent_at) FROM redemption") + read_only(
        "SELECT count(sent_at) FROM till_return"
    )
    assert kept == [(3,), (1,)]
    (household,) = read_only(f"SELECT id FROM household WHERE ref = '{H2}'")[0]
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE due SET marked_at = marked_at"  # the marks of these sales
        )
    write_next_list(database, settings, household, marked_at=datetime.now(UTC))
    drafts = read_only("SELECT valid_from FROM shopping_list WHERE state = 'draft'")
    assert [str(day) for (day,) in drafts] == ["2026-03-06"]


def test_a_business_date_may_be_two_days_ahead_and_in_any_past(till: httpx2.Client) -> None:
    today = datetime.now(UTC).date()
    days = {n: (today + timedelta(days=n)).isoformat() for n in (2, 3)}
    for verb in ("quotes", "redemptions"):
        post(till, verb, body(1, day=days[2]))
        problem = post(till, verb, body(2, day=days[3]), status=422)
        assert problem["errors"][0]["pointer"] == "#/transaction/business_date"
        post(till, verb, body(3, day="1999-12-31"))
    offline = {**body(4, day=days[3]), "discounts": []}
    assert post(till, "replays", offline)["status"] == "refused"
    original = {k: v for k, v in body(1, day=days[2])["transaction"].items() if k != "at"}
    for day, status in ((days[3], 422), (days[2], 200)):
        back = {
            "transaction": body(5, day=day)["transaction"],
            "original": original,
            "lines": [{"line": 1, "quantity": 1}],
        }
        post(till, "returns", back, status=status)
    shown = {"store": STORE, "presented": [{"kind": "card", "value": "1"}]}
    post(till, "lists/lookup", {**shown, "business_date": days[2]})
    problem = post(till, "lists/lookup", {**shown, "business_date": days[3]}, status=422)
    assert problem["errors"][0]["pointer"] == "#/business_date"
    post(till, "voids", {"transaction": body(6, day="2099-01-01")["transaction"]})


def test_the_same_values_are_the_same_body(till: httpx2.Client) -> None:
    first = sale(
        1, {"gtin": MILK, "quantity": 2}, {"gtin": "4011"}, presented=[("card", CARDS[H1])]
    )
    given = till.post("/v1/redemptions", json=first)
    again = sale(
        1, {"gtin": f"0{MILK}", "quantity": 2.0, "unit": "EA"}, {"gtin": "004011"},
        presented=[("card", " 952123400000-000017")],
    )  # fmt: skip
    again["transaction"]["at"] = "2026-03-05T18:04:12.000+01:00"
    again["lines"].reverse()
    assert till.post("/v1/redemptions", json=again).text == given.text
    written = till.post(
        "/v1/redemptions",
        content=given.request.content.replace(b'"quantity":2,', b'"quantity":2.000,'),
        headers={"content-type": "application/json"},
    )
    assert written.text == given.text
    replay = post(till, "replays", {**again, "discounts": given.json()["discounts"]})
    assert (replay["status"], replay["conflicts"]) == ("duplicate", [])
    again["lines"][0]["amount_cents"] += 1
    post(till, "redemptions", again, status=422)
