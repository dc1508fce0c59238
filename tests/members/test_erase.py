"""A household is erased: nothing stored leads to it any more, and the books still balance."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from service.admin.people import PersonRole
from service.cycle.next_list import write_next_list
from service.cycle.overrides import OverrideWanted, make_override
from service.desk import households as desk
from service.desk.households import OpeningReason
from service.engine.answers import Answer, Question
from service.engine.offers.overrides import OverrideAct
from service.engine.records import ListDocument
from service.errors import Conflict, NotFound
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.members import answers
from service.members.erase import erase, finish_erasures
from service.members.reapply import reapply_erasures
from service.publish import confirm_receipt, fetch, publish
from service.settings import Settings
from service.store import batches, household_cases, households, ledger, lists
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.consent import ConsentChannel
from service.store.tables.cycle import BatchState
from service.store.tables.household_case import HouseholdCase
from service.store.tables.redemption import Redemption
from tests.checkout.acts import sold, voided
from tests.mail import NAME, pieces, print_batch
from tests.market import silent
from tests.members.search import in_files, in_tables, raw_in
from tests.people import somebody
from tests.shop import BREAD, CARDS, H1, H2, H3, HOUSEHOLDS, MILK, PHONES, STORE

Ask = Callable[[str], list[tuple[object, ...]]]

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
BY = Actor("tests")
NAME_OF = {ref: f"Person {ref}" for ref in (H1, H2)}
RESERVED = "SELECT amount_cents FROM ledger_entry WHERE account = 'offer_reserved'"


def known_of(ref: str) -> list[str]:
    """What would lead to a household of the shop."""
    return [NAME_OF[ref], CARDS[ref], PHONES[ref], PHONES[ref].replace(" ", "")]


def reserved(ask: Ask) -> int:
    return int(str(ask(f"SELECT coalesce(sum(amount_cents), 0) FROM ({RESERVED}) r")[0][0]))


@pytest.fixture
def lived(database: Database, published: Settings) -> str:
    """What H1 left behind: a sale, a look at it, a ban; and its letter in a package. Its list."""
    with database.read() as session:
        owner = households.by_ref(session, H1)
        assert owner is not None
        code = lists.of_household(session, owner.id)[0].code
    sold(database, published, 1, presented=[("card", CARDS[H1])], lines=[(MILK, 1, 120)])
    anna = somebody(database, published, "anna", (PersonRole.SERVICE,))
    desk.open_household(
        database, owner.id, by=anna.acting(), reason=OpeningReason.OTHER,
        note=f"{NAME_OF[H1]} asks for her data", now=NOW,
    )  # fmt: skip
    ban = OverrideWanted(OverrideAct.BAN, 1, reason=f"{NAME_OF[H1]} rang", household=H1)
    make_override(database, ban, by=BY, now=NOW)
    people = Answer(Question.PEOPLE, number=3)
    with database.write() as session:
        sale = session.exec(select(Redemption)).one()
        row = lists.of_household(session, owner.id)[0]
        greeted = replace(ListDocument.from_json(row.document), greeting=f"Dear {NAME_OF[H1]}")
        row.document = greeted.to_json()
        session.add(row)
        asked = HouseholdCase(
            household_id=owner.id, redemption_id=sale.id, list_id=row.id, list_line=2,
            reason="not_in_basket", text="", state="answered", asked_at=NOW,
            answer=f"{NAME_OF[H1]}, that was our fault", actor="anna",
        )  # fmt: skip
        household_cases.add(session, asked)
        answers.add(
            session, published, owner.id, people, channel=ConsentChannel.PAGE, by=BY, now=NOW
        )
    assert {("household_case", "answer"), ("shopping_list", "document")} <= in_tables(
        database, [NAME_OF[H1]]
    )
    assert in_files(published.output_folder, [NAME_OF[H1]]) == {
        f"{NAME}_v1/{NAME}_1of3_v1.pdf", f"{NAME}_v1/{NAME}_v1.csv"
    }  # fmt: skip
    return code


def test_nothing_leads_to_an_erased_household_and_the_books_balance(
    database: Database, published: Settings, lived: str, read_only: Ask, tmp_path: Path
) -> None:
    before = reserved(read_only)
    report = erase(database, published, H1, by=BY, now=NOW)
    # Milk was used; bread twice and soap (of the retailer) were open.
    assert (report.lists, report.released_cents) == (1, 50)
    assert reserved(read_only) == before - 50
    with database.read() as session:
        assert ledger.imbalance(session) == []
        assert households.by_ref(session, H1) is None
        gone = households.by_ref(session, report.reference)
        assert gone is not None
    known = [*known_of(H1), lived]
    assert in_tables(database, known) == {("redemption", "answer")}  # the code of its paper
    assert in_tables(database, known_of(H1)) == set()
    for folder in (published.output_folder, published.runs_folder):
        assert in_files(folder, known) == set()
    assert H1 not in published.erasure_log.read_text()
    # What was bought and paid stays, of nobody.
    assert read_only(
        f"SELECT count(*), sum(amount_cents) FROM basket b JOIN basket_line l "
        f"ON l.basket_id = b.id WHERE b.household_id = {gone.id}"
    ) == [(1, 20)]
    for table in ("contact", "identity", "consent", "list_page", "due", "household_answer"):
        where = (
            "list_id IN (SELECT id FROM shopping_list WHERE household_id"
            if table == "list_page" else "(household_id"
        )  # fmt: skip
        assert read_only(f"SELECT count(*) FROM {table} WHERE {where} = {gone.id})") == [(0,)]
    with pytest.raises(NotFound):
        erase(database, published, H1, by=BY, now=NOW)
    # What somebody writes on it later goes when it is erased by its reference.
    anna = somebody(database, published, "berta", (PersonRole.SERVICE,))
    desk.open_household(
        database, gone.id, by=anna.acting(), reason=OpeningReason.OTHER,
        note=f"was {NAME_OF[H1]}", now=NOW,
    )  # fmt: skip
    assert in_tables(database, known_of(H1)) == {
        ("household_opening", "note"), ("audit_event", "detail")
    }  # fmt: skip
    again = erase(database, published, report.reference, by=BY, now=NOW)
    assert (again.reference, again.lists, again.released_cents) == (report.reference, 0, 0)
    assert in_tables(database, known_of(H1)) == set()


def test_a_file_holds_nothing_of_what_was_erased(
    database: Database, published: Settings, lived: str
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL's files are rewritten by autovacuum")
    path = Path(published.database_url.removeprefix("sqlite:///"))
    assert raw_in(path, [NAME_OF[H1]])
    erase(database, published, H1, by=BY, now=NOW)
    database.compact()
    for each in (path, path.with_name(f"{path.name}-wal")):
        assert raw_in(each, [NAME_OF[H1], lived]) <= {lived}
        assert raw_in(each, [NAME_OF[H1]]) == set()


def test_tills_know_neither_card_nor_paper(
    database: Database, published: Settings, lived: str
) -> None:
    erase(database, published, H1, by=BY, now=NOW)
    answer = sold(
        database, published, 2, presented=[("list", lived), ("card", CARDS[H1])],
        lines=[(BREAD, 1, 250)],
    )  # fmt: skip
    assert answer["total_discount_cents"] == 0
    assert {each["reason"] for each in answer["refused"]} == {"unknown_code"}
    # A sale from before can still be taken back.
    assert voided(database, 1)["status"] == "voided"


def test_the_package_is_printed_again_without_the_letter(
    database: Database, published: Settings, lived: str
) -> None:
    report = erase(database, published, H1, by=BY, now=NOW)
    assert (report.files.removed, report.files.again, report.files.waiting) == ((1,), (1,), ())
    with database.read() as session:
        first = batches.get(session, 1)
        assert first is not None
        assert (first.state, first.purged_at) == (BatchState.WITHDRAWN, NOW)
    again = print_batch(database, published)
    assert again.name == f"{NAME}_v2"
    assert [row["name"] for row in pieces(again)] == [
        "Person P3", "Person P4", "Person H2", "Person P5"
    ]  # fmt: skip


def test_a_package_that_is_being_fetched_goes_when_the_house_has_it(
    database: Database, published: Settings, lived: str
) -> None:
    fetch(database, published, 1, f"{NAME}_1of3_v1.pdf", for_print=True)
    report = erase(database, published, H1, by=BY, now=NOW)
    assert (report.files.removed, report.files.waiting) == ((), (1,))
    assert finish_erasures(database, published, now=NOW) == 1
    confirm_receipt(database, 1, by=BY)
    assert finish_erasures(database, published, now=NOW + timedelta(hours=1)) == 0
    assert in_files(published.output_folder, [NAME_OF[H1]]) == set()
    with database.read() as session:
        assert batches.get(session, 1).state == BatchState.READY  # type: ignore[union-attr]


def test_no_file_brings_it_back(
    database: Database, published: Settings, lived: str, read_only: Ask, tmp_path: Path
) -> None:
    count = "SELECT count(*) FROM household"
    erase(database, published, H1, by=BY, now=NOW)
    before = read_only(count)
    path = tmp_path / "again.csv"
    renumbered = f"H9,Person H1,1 Elm Street,42800,Applecroft,US,{CARDS[H1]},,true\n"
    path.write_text(HOUSEHOLDS + renumbered, encoding="utf-8")
    report = load_households(database, path, secret_key=published.secret_key, language="en")
    assert (report.read, report.taken, report.known, report.refused) == (4, 2, 2, 0)
    assert [note.text for note in report.notes] == [
        "2 rows are of households that were erased, and stay out: rows 2, 5"
    ]
    lines = tmp_path / "baskets.csv"
    lines.write_text(
        "household_id,basket_id,store_id,purchased_at,line,gtin,quantity,amount_cents\n"
        f"H1,77,{STORE},2026-03-07T10:00:00Z,1,{MILK},1,120\n",
        encoding="utf-8",
    )
    loaded = load_baskets(database, lines, timezone="UTC", secret_key=published.secret_key)
    assert (loaded.taken, loaded.refused) == (1, 0)
    assert read_only("SELECT household_id FROM basket WHERE number = '77'") == [(None,)]
    assert read_only(count) == before
    assert in_tables(database, [NAME_OF[H1]]) == set()


def test_an_erased_household_gets_no_next_list(
    database: Database, published: Settings, lived: str, read_only: Ask
) -> None:
    report = erase(database, published, H1, by=BY, now=NOW)
    with database.read() as session:
        gone = households.by_ref(session, report.reference)
    assert gone is not None
    with database.write() as session:
        session.connection().exec_driver_sql(
            f"INSERT INTO due (household_id, marked_at) SELECT {gone.id}, max(purchased_at) "
            "FROM basket"
        )
    ((marked_at,),) = read_only("SELECT marked_at FROM due")
    write_next_list(database, published, gone.id, marked_at=NOW)
    assert read_only("SELECT count(*) FROM shopping_list WHERE state = 'draft'") == [(0,)]
    del marked_at


def test_a_restored_backup_forgets_again(
    database: Database, published: Settings, lived: str, read_only: Ask, tmp_path: Path
) -> None:
    if not database.is_sqlite:
        pytest.skip("what is restored is a file here")
    path = Path(published.database_url.removeprefix("sqlite:///"))
    database.compact()
    backup = path.read_bytes()
    done = erase(database, published, H1, by=BY, now=NOW)
    late = f"H8,Late Person,8 Elm Street,42800,Applecroft,US,{CARDS[H1][:-3]}048,,true\n"
    header = HOUSEHOLDS.partition("\n")[0]
    (tmp_path / "late.csv").write_text(f"{header}\n{late}", encoding="utf-8")
    load = {"secret_key": published.secret_key, "language": "en", "card_pattern": "[0-9]{18}"}
    load_households(database, tmp_path / "late.csv", **load)  # type: ignore[arg-type]
    erase(database, published, "H8", by=BY, now=NOW)
    with published.erasure_log.open("ab") as log:
        log.write(b'{"ref_digest": "torn')
    database.dispose()
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    path.write_bytes(backup)
    restored = Database(published.database_url)
    assert in_tables(restored, [NAME_OF[H1]])
    again = reapply_erasures(restored, published, published.erasure_log)
    assert (again.erased, again.known, again.unknown, again.damaged) == (1, 0, 1, (3,))
    assert in_tables(restored, known_of(H1)) == set()
    with restored.read() as session:
        assert households.by_ref(session, done.reference) is not None
    report = load_households(restored, tmp_path / "late.csv", **load)  # type: ignore[arg-type]
    assert (report.taken, report.known) == (0, 1)
    twice = reapply_erasures(restored, published, published.erasure_log)
    assert (twice.erased, twice.known, twice.unknown) == (0, 2, 0)
    restored.dispose()


def test_a_household_that_is_erased_while_its_letter_is_printed_is_in_no_package(
    database: Database, published: Settings, lived: str
) -> None:
    erased: list[tuple[int, ...]] = []

    def proof(_path: Path, _codes: object) -> None:
        if not erased:
            report = erase(database, published, H1, by=BY, now=NOW)
            erased.append(report.files.waiting)

    with pytest.raises(Conflict, match="erased while batch 2 was printed"):
        publish(database, published, 1, progress=silent, revise=True, proof=proof)
    assert erased == [(2,)]
    assert in_files(published.output_folder, [NAME_OF[H1]]) == set()
    assert finish_erasures(database, published, now=NOW) == 0
    again = print_batch(database, published)
    assert "Person H1" not in [row["name"] for row in pieces(again)]


def test_one_that_was_never_sent_anything_is_erased_too(
    database: Database, published: Settings, read_only: Ask
) -> None:
    entries = read_only("SELECT count(*) FROM ledger_entry")
    report = erase(database, published, H3, by=BY, now=NOW)
    assert (report.lists, report.released_cents, report.files.removed) == (0, 0, ())
    assert read_only("SELECT count(*) FROM ledger_entry") == entries
    assert in_tables(database, [f"Person {H3}", CARDS[H3]]) == set()
