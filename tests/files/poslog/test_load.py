"""POSLog files as history, on both databases: several dialects, every row exact."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from service.errors import InvalidInput, NotAccepted, NotFound
from service.files import rows
from service.files.baskets import load_baskets
from service.files.households import load_households
from service.files.poslog import load_poslog
from service.files.report import LoadReport
from service.settings import Settings
from service.store.session import Database
from tests.deals.hostile import gzip_bomb
from tests.files.files import write_file
from tests.files.poslog.files import CARD, DATA, HOUSEHOLDS, line, poslog, transaction

Ask = Callable[[str], list[tuple[object, ...]]]
Load = Callable[..., LoadReport]

LINES = """SELECT b.store_id, b.terminal, b.business_date, b.number, h.ref, l.line, l.gtin,
                  l.quantity_milli, l.unit, l.amount_cents
           FROM basket b JOIN basket_line l ON l.basket_id = b.id
           LEFT JOIN household h ON h.id = b.household_id
           ORDER BY b.business_date, b.number, l.line"""


@pytest.fixture
def load(database: Database, settings: Settings, tmp_path: Path) -> Load:
    """Load a file or a text, into a database with households H1 and H2 and their cards."""
    path = write_file(tmp_path / "households.csv", HOUSEHOLDS)
    load_households(database, path, secret_key=settings.secret_key, language="en")

    def load(file: Path | str, **options: str) -> LoadReport:
        path = file if isinstance(file, Path) else write_file(tmp_path / "log.xml", file)
        return load_poslog(
            database,
            path,
            timezone=options.get("timezone", "UTC"),
            currency=options.get("currency", "USD"),
            secret_key=settings.secret_key,
            accept=options.get("accept", ""),
        )

    return load


def counts(report: LoadReport) -> tuple[int, int, int, int]:
    return report.read, report.taken, report.known, report.refused


def plain(lines: list[tuple[object, ...]]) -> list[str]:
    """Rows as text, because SQLite's dates are."""
    return [" ".join(str(cell) for cell in line) for line in lines]


def fault_texts(report: LoadReport) -> list[str]:
    return [str(problem) for problem in report.problems]


V6 = [
    "0042 07 2026-03-01 1187 H1 1 2000000000015 2000 each 199",
    "0042 07 2026-03-01 1187 H1 2 2000000000022 1000 each 166",
    "0042 07 2026-03-01 1187 H1 3 4011 754 kg 125",
    "0042 07 2026-03-01 1187 H1 5 2000000000046 -1000 each -80",
    "0042 07 2026-03-01 1191 H2 1 2000000000039 3000 each 900",
    "0042 07 2026-03-01 1191 H2 2 2000000000046 -1000 each -80",
]


def test_version_6_and_again_changes_nothing(load: Load, read_only: Ask) -> None:
    report = load(DATA / "v6.xml")
    assert counts(report) == (6, 6, 0, 0)
    assert plain(read_only(LINES)) == V6
    assert list(map(str, report.notes)) == [
        "3 transactions are no sales (voided, cancelled, training, control)"
    ]
    moments = plain(read_only("SELECT purchased_at FROM basket ORDER BY number"))
    assert moments in (
        ["2026-03-01 22:04:12+00:00", "2026-03-02 05:30:00+00:00"],
        ["1772402652000000", "1772429400000000"],
    )
    assert counts(load(DATA / "v6.xml")) == (6, 0, 6, 0)
    assert plain(read_only(LINES)) == V6
    assert read_only("SELECT count(*) FROM basket") == [(2,)]


def test_version_2_without_offsets_and_with_lines_that_void_others(
    load: Load, read_only: Ask
) -> None:
    report = load(DATA / "v2_2.xml", timezone="America/New_York")
    assert counts(report) == (3, 3, 0, 0)
    assert plain(read_only(LINES)) == [
        "216 3 2026-01-25 322 None 3 2000000000015 3000 each 660",
        "216 3 2026-01-25 322 None 7 2000000000046 1000 each 70",
        "216 3 2026-01-25 322 None 8 99 -1000 each -25",
    ]
    assert list(map(str, report.notes)) == [
        "1 transactions have no offset from UTC; the zone of their store was applied "
        "(America/New_York for a store that was not known)"
    ]
    assert plain(read_only("SELECT purchased_at FROM basket"))[0] in {
        "2026-01-25 14:45:24+00:00",
        "1769352324000000",
    }


def test_a_vendor_s_wrapping_with_amounts_before_discounts(load: Load, read_only: Ask) -> None:
    assert counts(load(DATA / "wrapped.xml")) == (2, 2, 0, 0)
    assert plain(read_only(LINES)) == [
        "1101 002 2023-12-19 543 H2 1 2000000000015 1000 each 13195",
        "1101 002 2023-12-19 543 H2 2 2000000000022 512 kg 10189",
    ]


def test_a_discount_that_the_lines_have_in_them_is_not_taken_twice(
    load: Load, read_only: Ask
) -> None:
    assert counts(load(DATA / "plain.xml")) == (2, 2, 0, 0)
    assert plain(read_only(LINES)) == [
        "0031 5001 2026-04-07 4209 None 1 50 1000 each 455",
        "0031 5001 2026-04-07 4209 None 2 400 1000 each 647",
    ]


def test_a_packed_file_is_the_same_file(load: Load, read_only: Ask, tmp_path: Path) -> None:
    packed = tmp_path / "V6.XML.GZ"
    with (DATA / "v6.xml").open("rb") as file, gzip.open(packed, "wb") as out:
        shutil.copyfileobj(file, out)
    assert counts(load(packed)) == (6, 6, 0, 0)
    assert plain(read_only(LINES)) == V6
    assert counts(load(DATA / "v6.xml")) == (6, 0, 6, 0)


def test_encodings_that_are_declared(load: Load, read_only: Ask, tmp_path: Path) -> None:
    encodings = ("iso-8859-1", "utf-16", "windows-1252")
    for encoding in encodings:
        number = f"Zoë-{encoding}"
        text = f'<?xml version="1.0" encoding="{encoding}"?>' + poslog(transaction(number=number))
        assert counts(load(write_file(tmp_path / "a.xml", text.encode(encoding)))) == (1, 1, 0, 0)
    stored = read_only("SELECT number FROM basket ORDER BY number")
    assert stored == [(f"Zoë-{encoding}",) for encoding in encodings]


def test_a_basket_of_the_till_or_of_another_file_is_known(
    load: Load, database: Database, read_only: Ask, tmp_path: Path
) -> None:
    header = "basket_id,store_id,terminal,purchased_at,line,gtin,quantity,amount_cents"
    rows_ = f"{header}\n1,0042,07,2026-03-01T10:00:00Z,1,4011,1,100\n"
    load_baskets(database, write_file(tmp_path / "b.csv", rows_), timezone="UTC")
    assert counts(load(poslog(transaction(line())))) == (1, 0, 1, 0)


def test_other_lines_under_the_same_reference_are_refused_not_lost(
    load: Load, read_only: Ask, tmp_path: Path
) -> None:
    first = transaction(line(), line(2, gtin="4012"))
    assert counts(load(poslog(first, first))) == (4, 2, 2, 0)
    other = transaction(line(), line(2, gtin="4099"), line(3))
    report = load(poslog(first, other))
    assert counts(report) == (5, 0, 2, 3)
    assert fault_texts(report) == [
        f"{tmp_path}/log.xml, line 7, transaction 0042/07/2026-03-01/1: another transaction has "
        "this store, workstation, date and number (number each transaction of a "
        "workstation's day once)"
    ]
    assert counts(load(poslog(other))) == (3, 0, 0, 3)
    assert plain(read_only("SELECT gtin FROM basket_line ORDER BY line")) == ["4011", "4012"]


def test_a_transaction_is_refused_whole_and_the_others_are_loaded(
    load: Load, read_only: Ask, tmp_path: Path
) -> None:
    bad = transaction(line(), line(2).replace("r>2<", "r>two<", 1), number="2")
    report = load(poslog(transaction(), bad, transaction(number="3")))
    assert counts(report) == (3, 2, 0, 1)
    assert fault_texts(report) == [
        f"{tmp_path}/log.xml, line 6, transaction 0042/07/2026-03-01/2, line item two (line 9), "
        "SequenceNumber: 'two' is not a whole number from 0"
    ]
    assert plain(read_only("SELECT number FROM basket ORDER BY number")) == ["1", "3"]


def test_goods_without_a_number_are_kept_as_they_were_written(load: Load, read_only: Ask) -> None:
    sold = [line(n, gtin=gtin) for n, gtin in enumerate(("none", "", "123456789012345"), start=1)]
    assert counts(load(poslog(transaction(*sold)))) == (3, 3, 0, 0)
    assert read_only("SELECT gtin, code FROM basket_line ORDER BY line") == [
        (0, "none"), (0, ""), (0, "123456789012345")
    ]  # fmt: skip


def test_cards_and_numbers_find_their_household(load: Load, read_only: Ask) -> None:
    filled = f"0000000{CARD}"
    sales = [
        transaction(number=str(n), customer=customer)
        for n, customer in enumerate((CARD, filled, "H2", "000000", ""))
    ]
    assert load(poslog(*sales)).refused == 0
    assert plain(
        read_only(
            "SELECT h.ref FROM basket b LEFT JOIN household h ON h.id = b.household_id "
            "ORDER BY b.number"
        )
    ) == ["H1", "H1", "H2", "None", "None"]


def test_a_card_nobody_has_is_refused_and_never_told_in_full(
    load: Load, read_only: Ask, tmp_path: Path
) -> None:
    both = transaction(
        number="2", rest="<Customer><CustomerID>H2</CustomerID></Customer>", customer=CARD
    )
    report = load(poslog(transaction(customer="952123400000000099"), both))
    assert [text.partition("2026-03-01/")[2] for text in fault_texts(report)] == [
        "1, LoyaltyAccount: no household has the card or number ...0099 (load the households and "
        "their cards first)",
        "2, LoyaltyAccount: its cards belong to two households (correct the cards' households)",
    ]
    assert read_only("SELECT count(*) FROM basket") == [(0,)]


def test_without_an_offset_the_zone_of_the_store_counts(load: Load, read_only: Ask) -> None:
    load(poslog(transaction(at="2026-03-01T10:00:00Z")), timezone="Europe/Paris")
    report = load(poslog(transaction(number="2", at="2026-07-01T10:00:00")), timezone="UTC")
    assert counts(report) == (1, 1, 0, 0)
    assert plain(read_only("SELECT purchased_at FROM basket WHERE number = '2'"))[0] in {
        "2026-07-01 08:00:00+00:00",
        "1782892800000000",
    }


@pytest.mark.parametrize("at", ["2026-10-25T02:30:00", "2026-03-29T02:30:00"])
def test_a_moment_that_clocks_show_twice_or_never_is_refused(load: Load, at: str) -> None:
    report = load(poslog(transaction(at=at)), timezone="Europe/Paris")
    assert counts(report) == (1, 0, 0, 1)
    (text,) = fault_texts(report)
    assert f"EndDateTime: '{at}' is not one moment on the clocks of Europe/Paris (export" in text


def test_a_sale_without_a_date_has_the_local_one(load: Load, read_only: Ask) -> None:
    late = transaction(day="", at="2026-03-02T03:30:00Z")
    load(poslog(late), timezone="America/New_York")
    assert plain(read_only("SELECT business_date FROM basket")) == ["2026-03-01"]


def test_chunks_hold_whole_transactions(
    load: Load, read_only: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", 4)
    sales = [transaction(line(), line(2), line(3), number=str(n)) for n in range(5)]
    assert counts(load(poslog(*sales, sales[0]))) == (18, 15, 3, 0)
    assert read_only("SELECT count(*) FROM basket") == [(5,)]


BROKEN = (
    (poslog(transaction())[:-40], "is not well-formed XML; nothing of it was loaded."),
    ("", "is not well-formed XML; nothing of it was loaded."),
    ("household_id,basket_id\n", "is not well-formed XML; nothing of it was loaded."),
    ("<orders><order/></orders>", "has no POSLog transactions."),
    (
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
        + poslog(transaction(number="&b;")),
        "cannot be loaded safely; nothing of it was.",
    ),
    (
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        + poslog(transaction(number="&x;")),
        "cannot be loaded safely; nothing of it was.",
    ),
    (poslog(transaction(number="Zoë")).encode("latin-1"), "is not well-formed XML; nothing of"),
    (
        '<?xml version="1.0" encoding="klingon"?>' + poslog(transaction()),
        "is in an encoding that cannot be read.",
    ),
    (
        ('<?xml version="1.0" encoding="gb18030"?>' + poslog(transaction())).encode("gb18030"),
        "is in an encoding that cannot be read.",
    ),
)


def test_of_a_broken_file_nothing_is_loaded(
    load: Load, read_only: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", 1)
    for number, (content, expected) in enumerate(BROKEN):
        path = write_file(tmp_path / f"{number}.xml", content)
        with pytest.raises(InvalidInput) as caught:
            load(path)
        assert caught.value.detail.startswith(f"{path} {expected}")
        assert [problem for problem in caught.value.problems if problem.remedy]
    assert read_only("SELECT count(*) FROM basket") == [(0,)]


def test_a_packed_file_that_unpacks_to_absurdly_much_is_refused(
    load: Load, read_only: Ask, tmp_path: Path
) -> None:
    bomb = write_file(tmp_path / "bomb.xml.gz", gzip_bomb(80))
    with pytest.raises(InvalidInput, match="cannot be loaded safely") as caught:
        load(bomb)
    assert caught.value.problems[0].detail == "unpacks to more than 200 times its size"
    assert read_only("SELECT count(*) FROM basket") == [(0,)]


def test_a_packed_file_that_breaks_off_loads_nothing(
    load: Load, read_only: Ask, tmp_path: Path
) -> None:
    whole = gzip.compress((DATA / "v6.xml").read_bytes())
    for content in (whole[:-20], b"no gzip at all"):
        with pytest.raises(InvalidInput, match="cannot be read"):
            load(write_file(tmp_path / "a.xml.gz", content))
    assert read_only("SELECT count(*) FROM basket") == [(0,)]


def test_without_a_file_nothing_is_found(load: Load, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        load(tmp_path / "none.xml")


def test_an_empty_log_is_loaded_at_once(load: Load) -> None:
    assert counts(load(poslog())) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("log", "asked"),
    [
        (transaction(at="2071-03-01T10:00:00Z", day="2071-03-01"), "of days to come: file line 2"),
        (transaction(at="1970-01-01T00:00:00", day="1970-01-01"), "from before 1990: file line 2"),
        (transaction(line(quantity="80995")), "1,000 or more: file line 2"),
        (transaction(line(extended="12000.00")), "1,000,000 cents or more: file line 2"),
        (transaction(*(line(n, extended="0.02") for n in range(1, 21))), "below 20 cents"),
        (transaction() + transaction(number="2").replace("0042", "42"), "42 (0042 is there too)"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_looks_wrong_asks_as_in_a_table_of_baskets(
    load: Load, read_only: Ask, monkeypatch: pytest.MonkeyPatch, log: str, asked: str
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", 1)
    with pytest.raises(NotAccepted) as caught:
        load(poslog(log))
    (note,) = caught.value.asked
    assert asked in note
    assert read_only("SELECT count(*) FROM basket") == [(0,)]
    assert read_only("SELECT count(*) FROM store") == [(0,)]
    report = load(poslog(log), accept=caught.value.digest)
    assert report.read == report.taken == len(read_only(LINES))
    assert note in map(str, report.notes)
