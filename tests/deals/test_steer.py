"""People and facts move deals on; every process refuses a stopped deal at once."""

import json
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from service.admin.keys import Caller
from service.api.till.forms import basket_of, offline_of
from service.api.till.schemas import BasketIn, OfflineIn
from service.checkout import quote, redeem, replay
from service.checkout.redeem import redeeming
from service.deals import load_deals, steer
from service.deals.listing import list_deals
from service.engine.lifecycle import DealState
from service.errors import Conflict, NotFound
from service.settings import Settings
from service.store import ledger
from service.store.actor import Actor
from service.store.offers import issuable, revisions
from service.store.offers.overview import DealFilter
from service.store.session import Database
from service.store.tables.access import Role
from service.store.till import Steps, gate
from tests.people import acting
from tests.served import PATIENCE_SECONDS
from tests.shop import BREAD, DEALS, H1, H2, MILK, Shop, open_shop
from tests.till import body

CALLER = Caller(1, Role.ADMIN, None, None)
ANNA, BERT, CARL = Actor("anna"), Actor("bert"), Actor("carl")
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def shop(database: Database, settings: Settings, tmp_path: Path) -> Shop:
    return open_shop(database, settings, tmp_path)


def with_approval(settings: Settings) -> Settings:
    return settings.model_copy(update={"deal_approval": True})


def load(database: Database, folder: Path, content: str, *, approval: bool, by: Actor) -> None:
    (folder / "more.csv").write_text(content, encoding="utf-8")
    load_deals(database, folder / "more.csv", uploaded_by=by, with_approval=approval)


def newest(database: Database, ref: str = "MILK-1") -> int:
    with database.read() as session:
        found = revisions.current(session).filter(pl.col("deal_ref") == ref)
    return int(found["offer_id"][-1])


def basket(shop: Shop, number: int, household: str = H1) -> Any:
    sent = body(
        number,
        presented=[("list", shop.lists[household])],
        lines=[(MILK, 1, 120), (BREAD, 1, 250)],
    )
    return basket_of(BasketIn.model_validate(sent), CALLER)


def given_and_refused(answer: str) -> tuple[list[int], dict[int, str]]:
    """The list lines that gave something, and why the others did not."""
    read = json.loads(answer)
    return (
        sorted(each["list_line"] for each in read["discounts"]),
        {each["list_line"]: each["reason"] for each in read["refused"]},
    )


def states(ask: Ask) -> list[tuple[Any, ...]]:
    return ask("SELECT deal_ref, revision, state FROM offer ORDER BY id")


def trail(ask: Ask) -> list[tuple[Any, ...]]:
    return ask(
        """SELECT o.deal_ref, o.revision, e.act, e.from_state, e.to_state, e.actor
           FROM offer_event e JOIN offer o ON o.id = e.offer_id
           WHERE o.deal_ref = 'MILK-1' ORDER BY e.id"""
    )


def test_a_deal_goes_from_draft_to_running_by_two_persons(
    database: Database, settings: Settings, shop: Shop, tmp_path: Path, read_only: Ask
) -> None:
    strict = with_approval(settings)
    anna, bert = acting(database, settings, "anna"), acting(database, settings, "bert")
    dearer = DEALS.replace("amount_off,1.00", "amount_off,1.10")
    load(database, tmp_path, dearer, approval=True, by=anna)
    waiting = newest(database)
    assert states(read_only)[-1] == ("MILK-1", 2, "draft")
    assert steer.check(database, waiting, by=anna) is DealState.CHECKED
    # What ran goes on, until another person has approved.
    assert states(read_only)[0] == ("MILK-1", 1, "running")
    with pytest.raises(Conflict, match="another person must"):
        steer.approve(database, strict, waiting, by=anna)
    assert states(read_only)[-1] == ("MILK-1", 2, "checked")
    assert steer.approve(database, strict, waiting, by=bert) is DealState.APPROVED
    assert states(read_only)[0] == ("MILK-1", 1, "replaced")
    assert steer.follow_facts(database, on=date(2026, 3, 2)) == 1
    assert states(read_only)[-1] == ("MILK-1", 2, "running")
    assert trail(read_only) == [
        ("MILK-1", 1, "load", "", "running", "tests"),
        ("MILK-1", 2, "load", "", "draft", "anna"),
        ("MILK-1", 2, "check", "draft", "checked", "anna"),
        ("MILK-1", 2, "approve", "checked", "approved", "bert"),
        ("MILK-1", 1, "replace", "running", "replaced", "bert"),
        ("MILK-1", 2, "facts", "approved", "running", "larder"),
    ]


def test_without_approval_one_person_is_enough(
    database: Database, settings: Settings, shop: Shop, tmp_path: Path
) -> None:
    load(database, tmp_path, DEALS.replace("1.00", "1.10"), approval=True, by=ANNA)
    waiting = newest(database)
    steer.check(database, waiting, by=ANNA)
    assert steer.send_back(database, waiting, by=BERT, note="typing error") is DealState.DRAFT
    steer.check(database, waiting, by=ANNA)
    assert steer.approve(database, settings, waiting, by=ANNA) is DealState.APPROVED


def test_a_move_that_is_not_in_the_table_is_refused_and_changes_nothing(
    database: Database, settings: Settings, shop: Shop, read_only: Ask
) -> None:
    before = states(read_only), trail(read_only)
    acts: tuple[Callable[[], DealState], ...] = (
        lambda: steer.check(database, shop.milk_offer, by=ANNA),
        lambda: steer.approve(database, settings, shop.milk_offer, by=ANNA),
        lambda: steer.send_back(database, shop.milk_offer, by=ANNA),
        lambda: steer.resume(database, shop.milk_offer, by=ANNA),
        lambda: steer.raise_budget(database, settings, shop.milk_offer, 10_000, by=ANNA),
        lambda: steer.raise_budget(database, settings, shop.bread_offer, 10_000, by=ANNA),
    )
    for act in acts:
        with pytest.raises(Conflict):
            act()
    with pytest.raises(NotFound):
        steer.stop(database, 999, by=ANNA)
    assert (states(read_only), trail(read_only)) == before


def test_a_stopped_deal_is_refused_from_then_on_and_goes_on_when_it_is_resumed(
    database: Database, settings: Settings, shop: Shop, read_only: Ask
) -> None:
    elsewhere = Database(database.url)
    assert given_and_refused(quote(database, settings, basket(shop, 1)))[0] == [1, 2]
    assert steer.stop(elsewhere, shop.milk_offer, by=ANNA, note="recall") is DealState.PAUSED
    assert given_and_refused(quote(database, settings, basket(shop, 1))) == (
        [2],
        {1: "offer_stopped", 3: "not_in_basket"},
    )
    assert given_and_refused(redeem(database, settings, basket(shop, 1)))[1][1] == "offer_stopped"
    assert ("offer_stopped",) in read_only("SELECT reason FROM refusal")
    # The copy still holds its part of the budget: the deal may go on.
    assert read_only(
        f"""SELECT sum(amount_cents) FROM ledger_entry
            WHERE offer_id = {shop.milk_offer} AND account = 'offer_reserved'"""
    ) == [(216,)]
    steer.resume(elsewhere, shop.milk_offer, by=ANNA)
    elsewhere.dispose()
    assert given_and_refused(redeem(database, settings, basket(shop, 2)))[0] == [1, 2]


def test_a_stop_reaches_every_revision_and_holds_whatever_is_loaded(
    database: Database, settings: Settings, shop: Shop, tmp_path: Path, read_only: Ask
) -> None:
    load(database, tmp_path, DEALS.replace("1.00", "1.10"), approval=False, by=ANNA)
    assert steer.stop(database, newest(database), by=ANNA) is DealState.PAUSED
    # The printed list has revision 1.
    assert given_and_refused(quote(database, settings, basket(shop, 1)))[1][1] == "offer_stopped"
    load(database, tmp_path, DEALS.replace("1.00", "1.20"), approval=False, by=ANNA)
    assert states(read_only)[-1] == ("MILK-1", 3, "paused")
    with database.read() as session:
        running = issuable.running(session, on=date(2026, 3, 2), redeemable_to=date(2026, 3, 15))
    assert newest(database) not in running["offer_id"].to_list()
    # The misprint stays refused; copies printed from now on are good.
    steer.resume(database, newest(database), by=ANNA, new_copies_only=True)
    assert given_and_refused(quote(database, settings, basket(shop, 1)))[1][1] == "offer_stopped"
    assert read_only("SELECT count(*) FROM offer WHERE stopped_at IS NOT NULL") == [(2,)]


def test_an_approved_revision_of_a_stopped_deal_stays_stopped(
    database: Database, settings: Settings, shop: Shop, tmp_path: Path
) -> None:
    anna, bert = acting(database, settings, "anna"), acting(database, settings, "bert")
    load(database, tmp_path, DEALS.replace("1.00", "1.10"), approval=True, by=anna)
    waiting = newest(database)
    steer.stop(database, waiting, by=CARL)
    steer.check(database, waiting, by=anna)
    approved = steer.approve(database, with_approval(settings), waiting, by=bert)
    assert approved is DealState.PAUSED


def test_a_stop_between_look_and_write_is_obeyed_or_waits(
    database: Database, settings: Settings, shop: Shop
) -> None:
    """PostgreSQL: the write finds the stop and looks again. SQLite: the stop waits its turn."""
    elsewhere = Database(database.url)
    stopper = threading.Thread(target=lambda: steer.stop(elsewhere, shop.milk_offer, by=ANNA))

    def stopped_between(steps: Steps) -> Steps:
        effect = steps.send((yield next(steps)))
        stopper.start()
        if not database.is_sqlite:
            stopper.join()
        written = yield effect
        while True:
            try:
                written = yield steps.send(written)
            except StopIteration as done:
                return str(done.value)

    steps = stopped_between(redeeming(settings, basket(shop, 1)))
    given, refused = given_and_refused(gate.run(database, steps, write=True))
    stopper.join()
    assert given == ([1, 2] if database.is_sqlite else [2])
    assert refused.get(1) == (None if database.is_sqlite else "offer_stopped")
    after = given_and_refused(redeem(database, settings, basket(shop, 2, H2)))
    assert after[1][1] == "offer_stopped"
    elsewhere.dispose()


def test_no_sale_that_begins_after_a_stop_returned_is_honoured(
    database: Database, settings: Settings, shop: Shop, read_only: Ask
) -> None:
    """Two tills redeem as fast as they can while the deal is stopped."""
    with database.write() as session:
        run = session.connection().exec_driver_sql
        run("UPDATE list_line SET uses = 100000 WHERE line = 1")
        run(f"UPDATE offer SET limit_per_household = 100000 WHERE id = {shop.milk_offer}")
    stopped, both_sell = threading.Event(), threading.Barrier(3)
    sales: list[tuple[bool, bool]] = []

    def till(first: int, household: str) -> None:
        for number in range(first, first + 100_000):
            began_after = stopped.is_set()
            given, _ = given_and_refused(
                redeem(database, settings, basket(shop, number, household))
            )
            sales.append((began_after, 1 in given))
            if number == first:
                both_sell.wait(PATIENCE_SECONDS)
            if began_after:
                return

    tills = [threading.Thread(target=till, args=(1_000_000 * n, h)) for n, h in ((1, H1), (2, H2))]
    for each in tills:
        each.start()
    both_sell.wait(PATIENCE_SECONDS)
    elsewhere = Database(database.url)
    steer.stop(elsewhere, shop.milk_offer, by=ANNA)
    stopped.set()
    for each in tills:
        each.join()
    elsewhere.dispose()
    assert [honoured for began_after, honoured in sales if began_after] == [False, False]
    given = sum(honoured for _, honoured in sales)
    assert given >= 2
    assert read_only(
        f"SELECT count(*) FROM redemption_line WHERE live AND offer_id = {shop.milk_offer}"
    ) == [(given,)]


def offline(database: Database, settings: Settings, shop: Shop, number: int, day: str) -> Any:
    code = shop.lists[H1]
    discount = {"line": 1, "list_code": code, "list_line": 1, "units": 1, "amount_cents": 100}
    sent = {**body(number, presented=[("list", code)], day=day), "discounts": [discount]}
    return json.loads(
        replay(database, settings, offline_of(OfflineIn.model_validate(sent), CALLER))
    )


def test_what_was_honoured_offline_before_the_stop_is_good_and_after_it_disputed(
    database: Database, settings: Settings, shop: Shop, read_only: Ask
) -> None:
    steer.stop(database, shop.milk_offer, by=ANNA)
    # Sold in March 2026, before any stop that is made now.
    before = offline(database, settings, shop, 1, "2026-03-05")
    assert before["conflicts"] == []
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE offer SET stopped_at = "
            + ("1" if database.is_sqlite else "'2026-03-01T00:00:00Z'")
        )
        session.connection().exec_driver_sql("UPDATE list_line SET uses = 2 WHERE line = 1")
    after = offline(database, settings, shop, 2, "2026-03-06")
    assert [(c["reason"], c["borne_by"]) for c in after["conflicts"]] == [
        ("offer_stopped", "retailer")
    ]
    with database.read() as session:
        assert ledger.imbalance(session) == []


def test_a_budget_is_raised_while_the_deal_runs(
    database: Database, settings: Settings, shop: Shop, read_only: Ask
) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE offer SET budget_cents = 300 WHERE deal_ref = 'MILK-1'"
        )
    # 216 of 300 cents are reserved: the next copy, 108 cents, has no room.
    assert steer.follow_facts(database, on=date(2026, 3, 2)) == 1
    assert states(read_only)[0] == ("MILK-1", 1, "exhausted")
    strict = with_approval(settings)
    anna, bert = acting(database, settings, "anna"), acting(database, settings, "bert")
    with pytest.raises(Conflict, match="No person loaded or checked"):
        steer.raise_budget(database, strict, shop.milk_offer, 500, by=bert)
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE offer_event SET person_id = {anna.person_id} WHERE act = 'load'"
        )
    with pytest.raises(Conflict, match="another person must"):
        steer.raise_budget(database, strict, shop.milk_offer, 500, by=anna)
    state = steer.raise_budget(database, strict, shop.milk_offer, 500, by=bert)
    assert state is DealState.RUNNING
    assert read_only("SELECT budget_cents FROM offer WHERE deal_ref = 'MILK-1'") == [(500,)]
    with pytest.raises(Conflict, match="can only be raised"):
        steer.raise_budget(database, settings, shop.milk_offer, 499, by=BERT)
    assert trail(read_only)[1:] == [
        ("MILK-1", 1, "facts", "running", "exhausted", "larder"),
        ("MILK-1", 1, "raise_budget", "exhausted", "running", "bert"),
    ]


def test_a_deal_ends_the_day_after_its_last(database: Database, shop: Shop, read_only: Ask) -> None:
    assert steer.follow_facts(database, on=date(2026, 12, 31)) == 0
    assert steer.follow_facts(database, on=date(2027, 1, 1)) == 3
    assert {state for _, _, state in states(read_only)} == {"ended"}


def test_a_deal_is_exhausted_when_its_dearest_copy_has_no_room(
    database: Database, shop: Shop, tmp_path: Path
) -> None:
    columns = (
        "deal_id,supplier,kind,title,eligible_gtins,benefit,value,face_value_switcher_heavy,"
        "funding_share_percent,handling_fee,copy_fee,value_text,budget,mail_from,mail_to,"
        "redeem_from,redeem_to"
    )
    days = "2026-01-01,2026-12-31,2026-01-01,2026-12-31"
    milk = f"Dale Foods,product,Dale Milk,{MILK},amount_off,1.00,2.00,100,0.08,,"
    slot = "Keys & Co,partner,Spare keys,,,,,,,0.15,first key free"
    rows = (
        f"CELLS-1,{milk},2.07,{days}",
        f"CELLS-2,{milk},2.08,{days}",
        f"SLOT-1,{slot},0.14,{days}",
        f"SLOT-2,{slot},0.15,{days}",
    )
    load(database, tmp_path, "\n".join((columns, *rows, "")), approval=False, by=ANNA)
    assert steer.follow_facts(database, on=date(2026, 3, 2)) == 2
    found = list_deals(database, currency="USD", after_id=shop.soap_offer)
    assert [(row["deal_id"], row["use_cents"], row["state"]) for row in found] == [
        ("CELLS-1", 208, "exhausted"),
        ("CELLS-2", 208, "running"),
        ("SLOT-1", 15, "exhausted"),
        ("SLOT-2", 15, "running"),
    ]


def test_what_open_copies_may_cost_is_shown(
    database: Database, settings: Settings, shop: Shop
) -> None:
    current, exposure, events = steer.show(database, shop.milk_offer)
    assert [(row["issued"], row["reserved_cents"]) for row in current] == [(2, 216)]
    assert (exposure.open_copies, exposure.worst_cents) == (2, 216)
    assert exposure.overspend_chance == 0.0
    assert [event.act for _, event in events] == ["load"]
    redeem(database, settings, basket(shop, 1))
    assert steer.show(database, shop.milk_offer)[1].worst_cents == 108
    running = DealFilter(states=[DealState.RUNNING])
    found = list_deals(database, running, currency="USD")
    assert [(row["deal_id"], row["spent_cents"]) for row in found] == [
        ("MILK-1", 108), ("BREAD-1", 25), ("SOAP-1", 0),
    ]  # fmt: skip
    next_page = list_deals(database, currency="USD", after_id=shop.milk_offer, limit=1)
    assert [row["deal_id"] for row in next_page] == ["BREAD-1"]


def test_a_supplier_never_pays_more_for_a_use_than_was_reserved(
    database: Database, settings: Settings, shop: Shop, read_only: Ask
) -> None:
    """20 % of a bread at 9.00 is 1.80; the printed worth is 0.50, and half of that is theirs."""
    sent = body(1, presented=[("list", shop.lists[H1])], lines=[(BREAD, 1, 900)])
    redeem(database, settings, basket_of(BasketIn.model_validate(sent), CALLER))
    assert read_only("SELECT supplier_cents, retailer_cents FROM redemption_line") == [(25, 155)]
