"""Loading households, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from pydantic import SecretStr

from service.digests import identity_digest
from service.errors import InvalidInput, NotAccepted
from service.files import rows
from service.files.households import load_households
from service.files.report import LoadReport
from service.settings import Settings
from service.store import households
from service.store.session import Database
from tests.files.files import write_file

Ask = Callable[[str], list[tuple[object, ...]]]

HEADER = (
    "household_id,name,street,postcode,city,country,language,card,phone,mail_consent,consent_at"
)
ADA = "0017,Ada Maplewick,85 Sunflower Way,01234,Elderwick,us,fr-CA,9521 2340,+1 502-555-0101,yes"
FULL = f"{HEADER}\n{ADA},2016-03-04T14:00:00Z\n"
CONTACTS = """SELECT h.ref, h.language, c.name, c.postcode, c.country
              FROM household h JOIN contact c ON c.household_id = h.id ORDER BY h.ref"""
IDENTITIES = """SELECT h.ref, i.kind, i.digest FROM identity i
                JOIN household h ON h.id = i.household_id ORDER BY h.ref, i.kind"""


@pytest.fixture
def load(database: Database, settings: Settings, tmp_path: Path) -> Callable[..., LoadReport]:
    def load(content: str, **how: str) -> LoadReport:
        path = write_file(tmp_path / "households.csv", content)
        return load_households(
            database, path, secret_key=settings.secret_key, language="en",
            card_pattern="[0-9]{3,8}", **how,
        )  # fmt: skip

    return load


Load = Callable[..., LoadReport]


def counts(report: LoadReport) -> tuple[int, int, int, int]:
    return report.read, report.taken, report.known, report.refused


def test_a_household_with_all_its_columns(
    load: Load, read_only: Ask, database: Database, settings: Settings
) -> None:
    for _ in range(2):
        assert counts(load(FULL)) == (1, 1, 0, 0)
        assert read_only(CONTACTS) == [("0017", "fr-CA", "Ada Maplewick", "01234", "US")]
        key = settings.secret_key
        assert read_only(IDENTITIES) == [
            ("0017", "card", identity_digest(key, "card", "95212340")),
            ("0017", "phone", identity_digest(key, "phone", "15025550101")),
        ]
    assert read_only("SELECT count(*) FROM contact WHERE mail_consent") == [(1,)]


def test_nothing_of_a_card_or_a_phone_is_stored_in_clear(load: Load, read_only: Ask) -> None:
    load(FULL)
    stored = str(read_only("SELECT * FROM identity") + read_only("SELECT * FROM contact"))
    for clear in ("95212340", "9521 2340", "5025550101", "502-555"):
        assert clear not in stored


def test_a_household_with_nothing_but_its_number(load: Load, read_only: Ask) -> None:
    load("household_id\nH1\n")
    assert read_only(CONTACTS) == [("H1", "en", "", "", "")]
    assert read_only("SELECT count(*) FROM contact WHERE mail_consent") == [(0,)]
    assert read_only(IDENTITIES) == []


WHOLE = """SELECT h.language, c.name, c.street, c.extra, c.postcode, c.city, c.region, c.country,
                  c.mail_consent, c.consent_at, c.consent_source, c.carrier_order
           FROM household h JOIN contact c ON c.household_id = h.id ORDER BY h.ref"""
EVERY = (
    "household_id,name,street,extra,postcode,city,region,country,language,mail_consent,consent_at,"
    "consent_source,carrier_order\n"
    "H1,Ada,Elm 1,Flat 2,01234,Elderwick,KY,US,fr,true,2016-03-04T14:00:00Z,store,C1\n"
)


def test_what_the_file_has_no_column_for_stays_as_it_is(load: Load, read_only: Ask) -> None:
    load(EVERY)
    before = read_only(WHOLE)
    load("household_id\nH1\n")
    assert read_only(WHOLE) == before
    load("household_id,card,name\nH1,777,Eve\nH2,778,Ann\n")
    renewed, added = read_only(WHOLE)
    assert renewed == (before[0][0], "Eve", *before[0][2:])
    assert tuple(added[:8]) == ("en", "Ann", "", "", "", "", "", "")
    assert [bool(cell) for cell in added[8:]] == [False] * 4


def test_an_empty_cell_means_none(load: Load, read_only: Ask) -> None:
    load(EVERY)
    header = EVERY.partition("\n")[0]
    load(f"{header}\nH1,,,,,,,,,,,,\n")
    ((language, *rest),) = read_only(WHOLE)
    assert language == "en"
    assert rest[:7] == [""] * 7
    assert [bool(cell) for cell in rest[7:]] == [False] * 4


@pytest.mark.parametrize(
    ("again", "came_back"),
    [
        ("household_id,name\nH1,Eve\n", True),
        ("household_id,street,city\nH1,Elm 1,Elderwick\n", True),
        ("household_id,street\nH1,Oak 9\n", False),
    ],
)
def test_mail_that_came_back_counts_until_the_address_changes(
    load: Load, database: Database, read_only: Ask, again: str, came_back: bool
) -> None:
    load(EVERY)
    with database.write() as session:
        ids = households.ids_by_ref(session)
        households.mark_undeliverable(session, [ids["H1"]], at=datetime(2026, 3, 1, tzinfo=UTC))
    load(again)
    known = read_only("SELECT count(*) FROM contact WHERE undeliverable_at IS NOT NULL")
    assert known == [(int(came_back),)]


def test_numbers_follow_on_whatever_was_loaded_before(
    load: Load, read_only: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Draws are made by these numbers: they must not depend on the database or on repetitions."""
    monkeypatch.setattr(rows, "CHUNK_ROWS", 2)
    load("household_id\nH3\nH2\nh1\nH10\n")
    load("household_id\nH3\nH2\nÄ\nH10\na\n")
    load("household_id\nH11\n")
    assert read_only("SELECT id, ref FROM household ORDER BY id") == [
        (1, "H2"),
        (2, "H3"),
        (3, "h1"),
        (4, "H10"),
        (5, "Ä"),
        (6, "a"),
        (7, "H11"),
    ]


def test_a_card_of_another_household_asks_and_then_moves(load: Load, read_only: Ask) -> None:
    load("household_id,card\nH1,778\nH1,779\n")
    with pytest.raises(NotAccepted) as caught:
        load("household_id,card\nH2,7-7-8\n")
    assert caught.value.asked == (
        "1 cards or phones belong to another household now and move to the one named here: row 2",
    )
    assert {row[0] for row in read_only(IDENTITIES)} == {"H1"}
    load("household_id,card\nH2,7-7-8\n", accept=caught.value.digest)
    assert [row[:2] for row in read_only(IDENTITIES)] == [("H1", "card"), ("H2", "card")]


@pytest.mark.parametrize("chunk_rows", [1, 50_000])
def test_a_card_or_phone_of_two_households_in_one_file_is_a_fault_of_both(
    load: Load, read_only: Ask, monkeypatch: pytest.MonkeyPatch, chunk_rows: int
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", chunk_rows)
    same = "+1 502 555 0101", "0015025550101"
    report = load(
        "household_id,card,phone\n"
        f"H1,778,\nH2,7 78,\nH3,779,\nH4,,{same[0]}\nH5,,{same[1]}\nH3,779,\n"
    )
    assert counts(report) == (6, 2 if chunk_rows == 1 else 1, 0 if chunk_rows == 1 else 1, 4)
    assert [row[0] for row in read_only(IDENTITIES)] == ["H3"]
    assert [
        str(problem).rpartition("csv, ")[2].partition(" (")[0] for problem in report.problems
    ] == [
        "row 2, column card: another household has the same card in row 3",
        "row 3, column card: another household has the same card in row 2",
        "row 5, column phone: another household has the same phone in row 6",
        "row 6, column phone: another household has the same phone in row 5",
    ]


def test_of_several_rows_of_one_household_the_last_counts(load: Load, read_only: Ask) -> None:
    report = load("household_id,name\nH1,First\nH2,Other\nH1,Last\n", accept="all")
    assert counts(report) == (3, 2, 1, 0)
    assert [str(note) for note in report.notes] == [
        "1 households come more than once with other contents; the last row of each counts: "
        "rows 2, 4"
    ]
    assert [row[2] for row in read_only(CONTACTS)] == ["Last", "Other"]


def test_the_last_row_counts_across_chunks_too(
    load: Load, read_only: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", 1)
    load("household_id,name\nH1,First\nH2,Other\nH1,Last\n", accept="all")
    assert [row[2] for row in read_only(CONTACTS)] == ["Last", "Other"]


def test_numbers_keep_their_leading_zeros(load: Load, read_only: Ask) -> None:
    load("household_id,postcode\n0017,01234\n17,00000\n", accept="all")
    assert [(row[0], row[3]) for row in read_only(CONTACTS)] == [("0017", "01234"), ("17", "00000")]


def test_bad_rows_are_refused_by_row_and_column_and_the_others_are_loaded(
    load: Load, read_only: Ask, tmp_path: Path
) -> None:
    report = load(
        "household_id,country,language,mail_consent,consent_at\n"
        "H1,,,,\nH2,USA,,,\nH3,,English,,\nH4,,,perhaps,\nH5,,,,2016-03-04\n"
    )
    path = tmp_path / "households.csv"
    assert [str(problem) for problem in report.problems] == [
        f"{path}, row 3, column country: 'USA' is not two letters, as US",
        f"{path}, row 4, column language: 'English' is not a language tag, as en",
        f"{path}, row 5, column mail_consent: 'perhaps' is not true or false",
        f"{path}, row 6, column consent_at: '2016-03-04' is not a moment with offset",
    ]
    assert counts(report) == (5, 1, 0, 4)
    assert [row[0] for row in read_only(CONTACTS)] == ["H1"]


def test_consent_is_kept_with_its_moment(load: Load, database: Database, read_only: Ask) -> None:
    load(FULL)
    frame = pl.DataFrame(read_only("SELECT consent_at FROM contact"), schema=["at"], orient="row")
    shown = str(frame["at"][0])
    assert shown in {"1457100000000000", "2016-03-04 14:00:00+00:00"}


def test_another_key_gives_other_digests() -> None:
    first, second = SecretStr("a" * 32), SecretStr("b" * 32)
    assert identity_digest(first, "card", "777") != identity_digest(second, "card", "777")
    assert identity_digest(first, "card", "777") != identity_digest(first, "phone", "777")
    assert identity_digest(first, "card", "ab 7") == identity_digest(first, "card", "AB-7")


BAD_CELLS = (
    ("card", "9.52123E+17", "'9.52123E+17' was cut short by a spreadsheet"),
    ("card", "952123400000010000", "...0000 has lost its last digits in a spreadsheet"),
    ("card", "952123400000000018", "...0018 is a card number with a wrong check digit"),
    ("card", "n/a", "'n/a' is a placeholder, not a number"),
    ("card", "-", "'-' is a placeholder, not a number"),
    ("card", "0000000", "...0000 is a placeholder, not a number"),
    ("card", "1111111", "...1111 is a placeholder, not a number"),
    ("card", "12345678", "...5678 is a placeholder, not a number"),
    ("card", "AB-77", "'AB-77' is no card number of 18 digits, nor does it match"),
    ("phone", "1.41956E+10", "'1.41956E+10' was cut short by a spreadsheet"),
    ("phone", "0142", "'0142' is no telephone number with its country code"),
    ("phone", "none", "'none' is a placeholder, not a number"),
    ("phone", "+1 000 000 0000", "is a placeholder"),
    ("postcode", "ABCDE", "'ABCDE' is no postcode of US"),
    ("household_id", "9.52E+17", "'9.52E+17' names no household"),
    ("household_id", "n/a", "'n/a' names no household"),
)


def test_what_names_nobody_is_a_fault_of_its_row(load: Load, read_only: Ask) -> None:
    lines = []
    for number, (column, value, _) in enumerate(BAD_CELLS):
        cells = {"household_id": f"H{number}", "card": "", "phone": "", "postcode": ""}
        lines.append(",".join(({**cells, column: value}).values()) + ",US\n")
    report = load("household_id,card,phone,postcode,country\n" + "".join(lines) + "G,,,02138,US\n")
    assert counts(report) == (len(BAD_CELLS) + 1, 1, 0, len(BAD_CELLS))
    for row, (problem, (column, _, expected)) in enumerate(
        zip(report.problems, BAD_CELLS, strict=True), start=2
    ):
        assert f"row {row}, column {column}: " in str(problem)
        assert expected.removeprefix("'+") in str(problem)
    assert [row[0] for row in read_only(CONTACTS)] == ["G"]


@pytest.mark.parametrize(
    ("postcode", "country", "stored"),
    [
        ("2138", "US", "02138"), ("1067", "DE", "01067"), ("8001.0", "ES", "08001"),
        ("150", "NO", "0150"), ("501", "US", "00501"),
    ],
)  # fmt: skip
def test_a_postcode_gets_its_zeros_back_once_that_is_accepted(
    load: Load, read_only: Ask, postcode: str, country: str, stored: str
) -> None:
    content = f"household_id,postcode,country\nH1,{postcode},{country}\n"
    with pytest.raises(NotAccepted, match="1 note to accept"):
        load(content)
    assert read_only(CONTACTS) == []
    report = load(content, accept="all")
    assert f"row 2: {postcode} is {stored}" in report.notes[0].text
    assert [row[3] for row in read_only(CONTACTS)] == [stored]


def test_right_postcodes_are_kept_as_written_and_countries_without_any_are_fine(
    load: Load, read_only: Ask
) -> None:
    right = [("02138-1234", "US"), ("021381234", "US"), ("sw1a1aa", "GB"), ("00950", "PL"),
             ("00-950", "PL"), ("K1A0B1", "CA"), ("", "US"), ("999077", "HK")]  # fmt: skip
    rows_ = "".join(f"H{n},{code},{land}\n" for n, (code, land) in enumerate(right))
    assert load(f"household_id,postcode,country\n{rows_}").refused == 0
    assert [row[3] for row in read_only(CONTACTS)] == [code for code, _ in right]


def test_languages_have_one_spelling_and_those_without_phrases_are_counted(
    load: Load, read_only: Ask
) -> None:
    report = load("household_id,language\nH1,EN\nH2,en_US\nH3,nl\nH4,pl\nH5,nl\n")
    assert [row[1] for row in read_only(CONTACTS)] == ["en", "en-US", "nl", "pl", "nl"]
    assert [str(note) for note in report.notes] == [
        "3 households speak a language without phrases; their lists are in en: nl (2), pl (1)"
    ]


def test_a_column_that_says_who_gets_no_mail_is_not_passed_over(load: Load, read_only: Ask) -> None:
    for header in ("opt_out", "Do not mail", "deceased", "Robinson", "GDPR", "mail consents"):
        with pytest.raises(InvalidInput):
            load(f"household_id,name,{header}\nH1,Ann,true\n")
    with pytest.raises(NotAccepted):
        load("household_id,name,status\nH1,Ann,closed\n")
    assert read_only(CONTACTS) == []
    assert str(load("Household ID;NAME;Hobby\nH1;Ann;chess\n").notes[-1]) == (
        "columns not used: Hobby"
    )


def test_whose_letter_cannot_be_printed_is_named_and_loaded(load: Load) -> None:
    people = (
        ("1", "Նարե 🎉", "1 Elm Street", "yes"),
        ("2", "Ada Maplewick", "2 Elm Street", "yes"),
        ("3", "Նարե", "3 Elm Street", "no"),
        ("4", "Grüße Œuvre Łódź Žižek Çelik", "4 Elm Street", "yes"),
        ("5", "Ada", "5 " + "Elmstreetwithoutablank" * 9, "yes"),
        ("6", "🎉 ❤️", "6 Elm Street", "yes"),
    )
    rows = [
        f"{key},{name},{street},42800,Elderwick,us,en,,,{yes}," for key, name, street, yes in people
    ]
    report = load("\n".join([HEADER, *rows, ""]), layout="classic-letter")
    assert counts(report) == (6, 6, 0, 0)
    (said,) = [str(note) for note in report.notes if "cannot be printed" in str(note)]
    assert said.startswith("3 households that agreed to mail get no list")
    assert "household 1 (row 2, column name, unprintable_name): it has 'Ն' (U+0546" in said
    assert "household 5 (row 6, column street, address_too_long)" in said
    assert "household 6 (row 7, column name, unprintable_name): it has nothing but" in said
    (pictured,) = [str(note) for note in report.notes if "emoji" in str(note)]
    assert pictured.endswith("left out in print where no font has them: rows 2, 7")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_number_that_lost_its_zeros_is_no_new_household_unasked(
    database: Database, settings: Settings, tmp_path: Path, read_only: Ask
) -> None:
    """As when a list is edited in a spreadsheet and loaded again."""

    def load(text: str, accept: str = "") -> LoadReport:
        path = write_file(tmp_path / "h.csv", text)
        return load_households(
            database, path, secret_key=settings.secret_key, language="en", accept=accept
        )

    whole = 'household_id,name\n0042,Ada\n"0043",Bob\n44,Cy\n'
    assert (load(whole).taken, load(whole).notes) == (3, [])
    short = whole.replace("0042", "42").replace('"0043"', "43")
    with pytest.raises(NotAccepted) as caught:
        load(short)
    assert list(caught.value.asked) == [
        "households that differ from others in leading zeros only are added: "
        "42 (0042 is there too), 43 (0043 is there too)"
    ]
    assert read_only("SELECT count(*) FROM household") == [(3,)]
    assert load(short, caught.value.digest).taken == 3
    assert load(short).notes == []
