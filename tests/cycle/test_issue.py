"""A cycle: the same lists from the same data, all of them or none, and never beyond a limit."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from service.cycle import run_cycle
from service.deals import load_deals
from service.digests import list_serial
from service.engine import codes
from service.engine.lift import held_out
from service.engine.records import ListDocument
from service.errors import Conflict, Misconfigured
from service.files.households import load_households
from service.publish import publish
from service.settings import Settings
from service.store import ledger, lists, migrate
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.shopping_list import ListState, ShoppingList
from tests.market import (
    AS_OF,
    DEAL_COLUMNS,
    basket_line,
    cycle,
    deal,
    documents,
    gtin,
    load_market,
    more_baskets,
    open_issued,
    open_market,
    query,
    ref,
    silent,
    store_model,
    write,
)

pytestmark = pytest.mark.slow

WHAT_A_CYCLE_LEAVES = ("cycle", "shopping_list", "list_line", "cycle_price", "cycle_household")


@pytest.fixture
def market(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_market(database, settings, tmp_path)


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def left(database: Database) -> dict[str, int]:
    tables = (*WHAT_A_CYCLE_LEAVES, "ledger_entry")
    return {name: query(database, f"SELECT count(*) FROM {name}")[0][0] for name in tables}


def test_the_same_data_date_and_seed_give_the_same_bytes_on_every_database(
    database: Database, settings: Settings, issued: None, tmp_path: Path
) -> None:
    other_settings = settings.model_copy(
        update={"output_folder": tmp_path / "other", "runs_folder": tmp_path / "other-runs"}
    )
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    migrate.upgrade(other)
    load_market(other, other_settings, tmp_path)
    report = cycle(other, other_settings)
    assert report.lists == 29
    assert documents(database) == documents(other)
    for sql in (
        "SELECT household_id, arm FROM cycle_household ORDER BY household_id",
        "SELECT offer_id, budget_price, circulation_price_cents FROM cycle_price ORDER BY 1",
        "SELECT posting, kind, account, offer_id, amount_cents FROM ledger_entry ORDER BY id",
        "SELECT as_of, seed, summary, usage_bounds FROM cycle",
    ):
        assert query(database, sql) == query(other, sql)
    printed = publish(database, settings, 1, progress=silent)
    again = publish(other, other_settings, report.cycle_id, progress=silent)
    files = {path.name: path.read_bytes() for path in Path(printed.folder).iterdir()}
    assert files == {path.name: path.read_bytes() for path in Path(again.folder).iterdir()}
    assert len(files) == 5
    other.dispose()


def test_another_seed_draws_other_codes_and_another_holdout(
    database: Database, settings: Settings, market: None
) -> None:
    report = run_cycle(database, settings, as_of=AS_OF, seed=7, progress=silent)
    drawn = {code for (code,) in query(database, "SELECT code FROM shopping_list")}
    number = codes.gcn(settings.gcn_prefix)
    expected = {
        codes.list_code(number, list_serial(settings.code_key, "2026-03-02", 7, ref(n)))
        for n in range(1, 30)
    }
    assert drawn == expected
    assert report.lists == 29


def test_what_was_bought_on_the_day_or_later_changes_nothing(
    database: Database, settings: Settings, market: None, tmp_path: Path
) -> None:
    poison = [
        basket_line(1 + n % 29, f"later-{n}", AS_OF + timedelta(days=n % 5), 1, n % 24)
        for n in range(60)
    ]
    more_baskets(database, settings, tmp_path, poison)
    more_baskets(
        database,
        settings,
        tmp_path,
        [f"{ref(1)},midnight,0042,{AS_OF}T00:00:00+00:00,1,{gtin(3)},9,each,90000"],
    )
    cycle(database, settings)
    poisoned = documents(database)
    clean = Database(f"sqlite:///{tmp_path / 'clean.db'}")
    open_issued(clean, settings, tmp_path)
    assert poisoned == documents(clean)
    clean.dispose()


@pytest.mark.parametrize(
    ("lines", "listed"),
    [
        # Eight weeks at 25.00 are 200.00; the edges of the window are tested with `eligible`.
        ([(56, 19_999), (1, 1)], True),
        ([(30, 20_000), (29, -1)], False),
    ],
)
def test_from_twenty_five_a_week_over_eight_weeks_on_a_household_gets_a_list(
    database: Database,
    settings: Settings,
    market: None,
    tmp_path: Path,
    lines: list[tuple[int, int]],
    listed: bool,
) -> None:
    # A language without phrases stops nobody's list.
    people = write(tmp_path / "more-households.csv", ["household_id,language", "EDGE,sw"])
    load_households(database, people, secret_key=settings.secret_key, language="en")
    more_baskets(
        database,
        settings,
        tmp_path,
        [
            f"EDGE,E{days},0042,{AS_OF - timedelta(days=days)}T10:00:00+00:00,1,{gtin(0)},"
            f"{1 if cents > 0 else -1},each,{cents}"
            for days, cents in lines
        ],
    )
    report = cycle(database, settings)
    refs = [row[0] for row in documents(database)]
    assert ("EDGE" in refs) is listed
    assert report.eligible == 29 + listed
    assert report.other_language == listed


def test_the_threshold_is_a_setting(database: Database, settings: Settings, market: None) -> None:
    high = settings.model_copy(update={"weekly_spend_cents": 10**6})
    with pytest.raises(Conflict, match="No household is eligible as of 2026-03-02"):
        cycle(database, high)
    everyone = settings.model_copy(update={"weekly_spend_cents": 0})
    assert cycle(database, everyone).eligible == 30


def test_a_list_holds_no_more_than_the_settings_say(
    database: Database, settings: Settings, market: None
) -> None:
    small = settings.model_copy(update={"offers_per_list": 3, "reminders_per_list": 2})
    report = cycle(database, small)
    made = [ListDocument.from_json(row[3]) for row in documents(database) if row[6] == 1]
    assert max(len(document.offers) for document in made) == 3
    assert {len(document.reminders) for document in made} == {2}
    assert report.offers_issued == sum(len(document.offers) for document in made)
    assert report.face_value_cents == sum(document.worth_cents for document in made)


def test_a_list_that_travels_is_valid_longer_and_names_no_day_before_it_is_there(
    database: Database, settings: Settings, market: None
) -> None:
    report = cycle(database, settings.model_copy(update={"mail_lead_days": 5}))
    assert report.valid_from == AS_OF
    assert report.valid_to == AS_OF + timedelta(days=5 + settings.validity_days - 1)
    made = [ListDocument.from_json(row[3]) for row in documents(database) if row[6] == 1]
    days = [line.expected_on for each in made for line in each.reminders if line.expected_on]
    assert {each.valid_to for each in made} == {report.valid_to}
    assert min(days) >= AS_OF + timedelta(days=5)
    assert max(days) <= report.valid_to


def test_a_document_and_its_lines_say_the_same(
    database: Database, settings: Settings, issued: None
) -> None:
    found: dict[str, tuple[ListDocument, list[tuple[Any, ...]]]] = {}
    for row in documents(database):
        found.setdefault(row[2], (ListDocument.from_json(row[3]), []))[1].append(row[6:12])
    assert len(found) == 29
    for code, (document, lines) in found.items():
        assert document.list_code == code
        assert len(document.offers) <= 12
        assert len(document.reminders) <= 12
        printed = [
            (o.line, "offer", None, o.offer_id, f"{o.title}: {o.value_text}")
            for o in document.offers
        ] + [(r.line, "reminder", r.item_id, None, r.item) for r in document.reminders]
        assert [line[:5] for line in lines] == printed
        assert [line[0] for line in lines] == list(range(1, len(lines) + 1))
        assert all(line[5] for line in lines)
        assert (document.valid_from, document.valid_to) == (date(2026, 3, 2), date(2026, 3, 15))


def test_a_list_has_at_most_two_offers_of_a_category(
    database: Database, settings: Settings, market: None
) -> None:
    def most(per_category: int) -> int:
        cycle(database, settings.model_copy(update={"offers_per_category": per_category}))
        counted = query(
            database,
            """SELECT l.list_id, o.category_id, count(*) FROM list_line l
               JOIN offer o ON o.id = l.offer_id GROUP BY l.list_id, o.category_id""",
        )
        return int(max(count for _, _, count in counted))

    assert most(2) == 2


def test_neither_a_control_share_nor_the_holdout_gets_the_offer(
    database: Database, settings: Settings, market: None
) -> None:
    half = settings.model_copy(update={"holdout_percent": 50})
    report = cycle(database, half)
    arms = dict(query(database, "SELECT household_id, arm FROM cycle_household"))
    ids = pl.Series(sorted(arms), dtype=pl.Int64)
    drawn = held_out(ids, 50, salt="cycle:2026-03-02:0")
    assert {key for key, arm in arms.items() if arm == "holdout"} == set(ids.filter(drawn))
    assert report.holdout == drawn.sum()
    assert 5 < report.holdout < 25
    got = set(
        query(
            database,
            """SELECT s.household_id, l.offer_id FROM list_line l
               JOIN shopping_list s ON s.id = l.list_id WHERE l.offer_id IS NOT NULL""",
        )
    )
    assert {arms[household] for household, _ in got} == {"exposed"}
    controlled = query(database, "SELECT id, control_share FROM offer WHERE control_share > 0")
    assert len(controlled) == 6
    kept_away = set()
    for offer_id, share in controlled:
        control = ids.filter(held_out(ids, share, salt=f"offer:{offer_id}:0"))
        kept_away |= {(household, offer_id) for household in control}
    assert len(kept_away) > 20
    assert not got & kept_away


def test_every_exposed_and_held_out_household_gets_reminders(
    database: Database, settings: Settings, issued: None
) -> None:
    arms = query(
        database,
        """SELECT c.arm, count(DISTINCT s.id), sum(CASE WHEN l.kind = 'offer' THEN 1 ELSE 0 END)
           FROM cycle_household c JOIN shopping_list s ON s.household_id = c.household_id
           JOIN list_line l ON l.list_id = s.id GROUP BY c.arm ORDER BY c.arm""",
    )
    assert [(arm, number) for arm, number, _ in arms] == [("exposed", 28), ("holdout", 1)]
    assert int(arms[1][2]) == 0


def test_no_budget_and_no_circulation_is_exceeded_over_cycles_and_revisions(
    database: Database, settings: Settings, market: None, tmp_path: Path
) -> None:
    for number in range(4):
        as_of = AS_OF + timedelta(days=7 * number)
        store_model(database, settings, as_of)
        revised = write(
            tmp_path / "revised.csv",
            [DEAL_COLUMNS, *(deal(n, value=f"0.{50 + n + number}") for n in range(18))],
        )
        load_deals(database, revised, uploaded_by=Actor("tests"))
        cycle(database, settings, as_of)
        _within_limits(database)
    spent = _committed(database)
    # Half a cent a use, twice: what is left of a budget buys no further copy.
    assert sum(200 - 30 < cents <= 200 for _, _, budget, cents, _ in spent if budget) >= 3
    assert any(limit == copies for _, limit, _, _, copies in spent)


def _committed(database: Database) -> list[tuple[Any, ...]]:
    rows = query(
        database,
        """SELECT o.deal_ref, max(o.circulation_max), max(o.budget_cents),
                  coalesce(sum(CASE WHEN s.state = 'issued'
                                    THEN l.reserved_cents * l.uses END), 0), count(l.list_id)
           FROM offer o LEFT JOIN list_line l ON l.offer_id = o.id
           LEFT JOIN shopping_list s ON s.id = l.list_id
           GROUP BY o.deal_ref ORDER BY o.deal_ref""",
    )
    return [
        (name, limit, budget, int(cents), copies) for name, limit, budget, cents, copies in rows
    ]


def _within_limits(database: Database) -> None:
    for name, limit, budget, cents, copies in _committed(database):
        assert budget is None or cents <= budget, name
        assert limit is None or copies <= limit, name
    of_lines = {
        offer: int(cents)
        for offer, cents in query(
            database,
            "SELECT offer_id, sum(reserved_cents * uses) FROM list_line l "
            "JOIN shopping_list s ON s.id = l.list_id "
            "WHERE offer_id IS NOT NULL AND state = 'issued' GROUP BY offer_id",
        )
    }
    for account, sign in (("offer_reserved", 1), ("offer_budget", -1)):
        booked = query(
            database,
            f"SELECT offer_id, sum(amount_cents) FROM ledger_entry WHERE account = '{account}' "
            "GROUP BY offer_id HAVING sum(amount_cents) <> 0",
        )
        assert {offer: sign * int(cents) for offer, cents in booked} == of_lines
    with database.read() as session:
        assert ledger.imbalance(session) == []


def test_a_date_has_one_cycle(database: Database, settings: Settings, issued: None) -> None:
    before = (left(database), documents(database))
    with pytest.raises(Conflict, match="There is a cycle as of 2026-03-02 already"):
        cycle(database, settings, seed=9)
    assert (left(database), documents(database)) == before


@pytest.mark.parametrize("stage", ["history", "predict", "allocate", "compose"])
def test_a_cycle_that_fails_before_it_issues_leaves_nothing(
    database: Database, settings: Settings, market: None, stage: str
) -> None:
    def fail(name: str, done: int, total: int) -> None:
        if name == stage and done == total:
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        run_cycle(database, settings, as_of=AS_OF, seed=0, progress=fail)
    assert set(left(database).values()) == {0}
    cycle(database, settings)
    assert len({row[2] for row in documents(database)}) == 29


def test_a_cycle_that_fails_while_it_issues_leaves_nothing(
    database: Database, settings: Settings, market: None
) -> None:
    """The last table it writes before the ledger is away: lists and lines were written."""
    _rename(database, "cycle_household", "elsewhere")
    with pytest.raises(Misconfigured):
        cycle(database, settings)
    _rename(database, "elsewhere", "cycle_household")
    assert set(left(database).values()) == {0}
    assert cycle(database, settings).lists == 29
    assert list(settings.runs_folder.iterdir()) == []


def _rename(database: Database, old: str, new: str) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")


def test_without_baskets_there_is_no_cycle(database: Database, settings: Settings) -> None:
    with pytest.raises(Conflict, match="No household is eligible"):
        cycle(database, settings)
    assert set(left(database).values()) == {0}


def test_without_offers_lists_remind_only(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    load_market(database, settings, tmp_path, deals=0)
    report = cycle(database, settings)
    assert (report.lists, report.offers_issued, report.reserved_cents) == (29, 0, 0)
    assert report.violations == 0
    assert {row[7] for row in documents(database)} == {"reminder"}
    assert left(database)["ledger_entry"] == 0


def test_offers_out_of_their_days_are_not_mailed(
    database: Database, settings: Settings, market: None
) -> None:
    late = date(2026, 12, 20)  # redeemable until the 31st, which is less than the validity
    store_model(database, settings, late)
    relaxed = settings.model_copy(update={"weekly_spend_weeks": 60})
    report = cycle(database, relaxed.model_copy(update={"weekly_spend_cents": 1}), late)
    assert (report.offers_running, report.offers_issued) == (0, 0)


def test_a_code_that_is_taken_is_drawn_again(
    database: Database, settings: Settings, market: None
) -> None:
    number = codes.gcn(settings.gcn_prefix)
    met = codes.list_code(number, list_serial(settings.code_key, "2026-03-02", 0, ref(5)))
    with database.write() as session:
        session.add(
            ShoppingList(
                code=met,
                household_id=1,
                state=ListState.EXPIRED,
                valid_from=date(2025, 1, 1),
                valid_to=date(2025, 1, 14),
                document="{}",
                written_at=datetime(2025, 1, 1, tzinfo=UTC),
            )
        )
    cycle(database, settings)
    drawn = dict(
        query(
            database,
            """SELECT h.ref, s.code FROM shopping_list s JOIN household h ON h.id = s.household_id
               WHERE s.state = 'issued'""",
        )
    )
    again = list_serial(settings.code_key, "2026-03-02:0", 1, ref(5))
    assert drawn[ref(5)] == codes.list_code(number, again)
    assert Counter(drawn.values()).most_common(1)[0][1] == 1


def test_issuing_ends_the_drafts_of_the_listed(
    database: Database, settings: Settings, market: None
) -> None:
    with database.write() as session:
        # Household 30 gets no list: a draft newer than the cycle stays.
        for household_id, days in ((3, 0), (30, 1)):
            lists.write_draft(
                session,
                ShoppingList(
                    code=f"draft-{household_id}",
                    household_id=household_id,
                    state=ListState.DRAFT,
                    valid_from=AS_OF + timedelta(days=days),
                    valid_to=AS_OF,
                    document="{}",
                    written_at=datetime(2026, 3, 1, tzinfo=UTC),
                ),
                [],
            )
    cycle(database, settings)
    assert query(database, "SELECT code FROM shopping_list WHERE state = 'draft'") == [
        ("draft-30",)
    ]


@pytest.mark.parametrize("size", [1, 7])
def test_the_number_of_shards_and_processes_does_not_matter(
    database: Database, settings: Settings, market: None, tmp_path: Path, size: int
) -> None:
    """Two processes on one database: starting them is what takes time."""
    seen: list[tuple[str, int, int]] = []
    processes = 2 if size == 7 and database.is_sqlite else 1
    sharded = settings.model_copy(update={"shard_households": size, "processes": processes})
    run_cycle(database, sharded, as_of=AS_OF, seed=0, progress=lambda *told: seen.append(told))
    shards = -(-29 // size)
    assert ("predict", shards, shards) in seen
    whole = Database(f"sqlite:///{tmp_path / 'whole.db'}")
    _same_lists(database, whole, settings, tmp_path)


def _same_lists(one: Database, other: Database, settings: Settings, folder: Path) -> None:
    open_issued(other, settings, folder)
    assert documents(one) == documents(other)
    other.dispose()


def test_a_run_goes_on_from_the_shards_that_were_finished(
    database: Database, settings: Settings, market: None, tmp_path: Path
) -> None:
    sharded = settings.model_copy(update={"shard_households": 10})

    def stop_after_two(stage: str, done: int, _total: int) -> None:
        if stage == "predict" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cycle(database, sharded, as_of=AS_OF, seed=0, progress=stop_after_two)
    seen: list[tuple[str, int, int]] = []
    run_cycle(database, sharded, as_of=AS_OF, seed=0, progress=lambda *told: seen.append(told))
    assert [told for told in seen if told[0] == "predict"] == [("predict", 2, 3), ("predict", 3, 3)]
    _same_lists(database, Database(f"sqlite:///{tmp_path / 'once.db'}"), settings, tmp_path)


def test_finished_shards_of_other_data_are_not_used(
    database: Database, settings: Settings, market: None, tmp_path: Path
) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "predict" and done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cycle(database, settings, as_of=AS_OF, seed=0, progress=stop)
    day = AS_OF - timedelta(days=1)
    more_baskets(database, settings, tmp_path, [basket_line(4, "late", day, 1, 2)])
    seen: list[tuple[str, int, int]] = []
    run_cycle(database, settings, as_of=AS_OF, seed=0, progress=lambda *told: seen.append(told))
    assert ("predict", 0, 1) in seen


def test_the_summary_of_a_cycle_is_what_it_reported(
    database: Database, settings: Settings, market: None
) -> None:
    report = cycle(database, settings)
    ((summary,),) = query(database, "SELECT summary FROM cycle")
    assert json.loads(summary)["offers_issued"] == report.offers_issued
    assert json.loads(summary)["cycle_id"] == report.cycle_id == 1
    counted = dict(query(database, "SELECT kind, count(*) FROM list_line GROUP BY kind"))
    assert counted == {"offer": report.offers_issued, "reminder": report.reminders_issued}
    assert not (settings.runs_folder / "2026-03-02-0").exists()
