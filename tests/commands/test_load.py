"""load: wiring, output, and exit codes."""

import json
from pathlib import Path

import pytest

from service.commands.console import SHOWN_PROBLEMS
from tests.commands.conftest import Larder
from tests.files.files import BASKETS, HOUSEHOLDS, PRODUCTS, write_file
from tests.files.pictures.server import picture
from tests.files.poslog.files import DATA as POSLOG
from tests.files.poslog.files import HOUSEHOLDS as POSLOG_HOUSEHOLDS
from tests.files.poslog.files import poslog, transaction
from tests.shop import DEALS
from tests.shop import PRODUCTS as SHOP_PRODUCTS


@pytest.fixture
def embedded(larder: Larder, migrated: Path, tmp_path: Path) -> Larder:
    """Type `larder ...` with settings and a migrated SQLite file."""
    larder("init")
    (tmp_path / "larder.db").write_bytes(migrated.read_bytes())
    return larder


def test_each_kind_of_file_and_again(configured: Larder, tmp_path: Path) -> None:
    write_file(tmp_path / "p.csv", SHOP_PRODUCTS)
    write_file(tmp_path / "h.csv", HOUSEHOLDS)
    write_file(tmp_path / "b.csv", BASKETS)
    write_file(tmp_path / "d.csv", DEALS)
    for kind, file, first, again in (
        ("products", "p.csv", "4 rows read, 4 taken, 0 known", "4 rows read, 4 taken, 0 known"),
        ("households", "h.csv", "3 rows read, 3 taken, 0 known", "3 rows read, 3 taken, 0 known"),
        ("baskets", "b.csv", "4 rows read, 4 taken, 0 known", "4 rows read, 0 taken, 4 known"),
    ):
        for counts in (first, again):
            ended = configured("load", kind, file)
            assert (ended.code, ended.out) == (0, f"{kind}: {counts}, 0 refused\n")
    no_budget = "  BREAD-1, SOAP-1: NO BUDGET: nothing limits what these deals may cost\n"
    assert configured("load", "deals", "d.csv").out == (
        f"deals: 3 rows, 3 added, 0 revised, 0 unchanged\n{no_budget}"
    )
    assert configured("load", "deals", "d.csv").out == (
        f"deals: this very file is loaded already (3 rows)\n{no_budget}"
    )
    counted = configured("status").out
    for line in ("products: 4", "households: 3", "baskets: 3", "running offers: 3"):
        assert f"{line}\n" in counted


def test_content_and_pictures(embedded: Larder, tmp_path: Path) -> None:
    tip = {"key": "ice", "title": {"en": "Ice"}, "text": {"en": "Is cold."}, "picture": "ice"}
    file = tmp_path / "content.json"
    file.write_text(json.dumps({"schema": "larder-content/1", "tips": [tip]}), encoding="utf-8")
    ended = embedded("load", "content", str(file))
    assert (ended.code, ended.out) == (
        0,
        "content: 1 tip taken, 0 known, 0 removed\n"
        "  no picture is called 'ice' (tips[0].picture)\n",
    )
    (tmp_path / "pictures" / "content").mkdir(parents=True)
    (tmp_path / "pictures" / "content" / "ice.png").write_bytes(picture())
    (tmp_path / "pictures" / "me.png").write_bytes(picture())
    ended = embedded("load", "pictures", str(tmp_path / "pictures"))
    assert (ended.code, ended.out) == (
        3,
        "pictures: 2 rows read, 1 taken, 0 known, 1 refused\n",
    )
    assert "  me.png: is not named by a GTIN (name it GTIN.jpg, or logo.png)\n" in ended.err
    ended = embedded("load", "content", str(file))
    assert (ended.code, ended.out) == (0, "content: nothing taken, 1 known, 0 removed\n")
    assert "content: 1\npictures: 1\n" in embedded("status").out
    file.write_text('{"schema": "larder-content/1", "tips": 1}', encoding="utf-8")
    ended = embedded("load", "content", str(file), "--replace")
    assert ended.code == 1
    assert "  content.json, tips: input should be a valid array\n" in ended.err


def test_poslog_is_history_too(configured: Larder) -> None:
    write_file(Path("h.csv"), POSLOG_HOUSEHOLDS)
    assert configured("load", "households", "h.csv").code == 0
    for counts in ("6 taken, 0 known", "0 taken, 6 known"):
        ended = configured("load", "baskets", str(POSLOG / "v6.xml"))
        assert (ended.code, ended.out) == (
            0,
            f"baskets: 6 rows read, {counts}, 0 refused\n"
            "  3 transactions are no sales (voided, cancelled, training, control)\n",
        )
    write_file(Path("bad.xml"), poslog(transaction(), transaction(customer="12345")))
    ended = configured("load", "baskets", "bad.xml")
    assert (ended.code, ended.out) == (3, "baskets: 2 rows read, 1 taken, 0 known, 1 refused\n")
    assert "bad.xml, line 6, transaction 0042/07/2026-03-01/1, LoyaltyAccount: no" in ended.err
    assert "12345" not in ended.err


def test_refused_rows_are_told_and_the_exit_code_is_3(embedded: Larder, tmp_path: Path) -> None:
    folder = tmp_path / ("a long folder name " * 5) / "[bold]"
    folder.mkdir(parents=True)
    path = write_file(folder / "p.csv", f"{PRODUCTS}1,x,x,x,x,x,1\n")
    ended = embedded("load", "products", str(path))
    assert ended.code == 3
    assert ended.out == "products: 3 rows read, 2 taken, 0 known, 1 refused\n"
    assert (
        f"  {path}, row 4, column gtin: '1' is not a GTIN of 8, 12, 13 or 14 digits with a right "
        "check digit, or a PLU\n"
    ) in ended.err


def test_what_is_told_of_very_many_faults_is_bounded(embedded: Larder, tmp_path: Path) -> None:
    wrong = 3000
    path = write_file(tmp_path / "h.csv", "household_id,country\n" + "H,xyz\n" * wrong)
    ended = embedded("load", "households", str(path))
    assert ended.code == 3
    assert ended.out.endswith(f"{wrong:,} refused\n")
    listed = [line for line in ended.err.splitlines() if "row " in line]
    assert len(listed) == SHOWN_PROBLEMS
    assert f"  and {wrong - SHOWN_PROBLEMS} more\n" in ended.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["products", "nothing.csv"], "larder: There is no file nothing.csv."),
        (["baskets", "."], "larder: There is no file ."),
        (["baskets", "x.csv", "--timezone", "Mars/X"], "larder: no time zone is called Mars/X"),
        (["baskets", "x.csv", "--layout", "x"], "larder: there is no layout 'x'; known are days"),
        (["products", "x.csv", "--separator", "::"], "larder: '::' is no separator"),
        (
            ["deals", "empty.csv"],
            "larder: empty.csv is empty; a row must name the columns.",
        ),
        (["households", "other.csv"], "  other.csv, column household_id: is missing (add it; the"),
        (["deals", "other.csv"], "larder: other.csv has not all the columns it needs."),
        (["products", "fake.parquet"], "larder: fake.parquet is not a Parquet file that can be"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_one_clear_line(
    embedded: Larder, tmp_path: Path, words: list[str], expected: str
) -> None:
    write_file(tmp_path / "empty.csv", "")
    write_file(tmp_path / "other.csv", "name\nx\n")
    write_file(tmp_path / "fake.parquet", "name\nx\n")
    ended = embedded("load", *words)
    assert (ended.code, ended.out) == (1, "")
    assert any(line.startswith(expected) for line in ended.err.splitlines())


def test_a_denied_file_of_deals_is_told_and_exits_with_1(embedded: Larder, tmp_path: Path) -> None:
    write_file(tmp_path / "d.csv", DEALS)
    ended = embedded("load", "deals", "d.csv")
    assert (ended.code, ended.out) == (1, "remarks: d-remarks.xlsx\n")
    assert "larder: d.csv has 6 faults; no deal of it was loaded.\n" in ended.err
    assert "d.csv, B2, column supplier: there is no supplier 'Dale Foods' (load its" in ended.err
    assert (tmp_path / "d-remarks.xlsx").read_bytes()[:2] == b"PK"


def test_notes_that_ask_exit_with_4_and_load_nothing_until_they_are_accepted(
    embedded: Larder, tmp_path: Path
) -> None:
    write_file(tmp_path / "h.csv", "household_id;postcode;country;card\nH1;2138;US;\nH2;;;n/a\n")
    ended = embedded("load", "households", "h.csv")
    assert (ended.code, ended.out) == (4, "")
    for line in (
        "larder: h.csv has 1 note to accept; nothing of it was loaded.",
        "  h.csv, row 3, column card: 'n/a' is a placeholder, not a number",
        "  1 postcodes lost their leading zeros, which are put back (row 2: 2138 is 02138)",
    ):
        assert any(each.startswith(line) for each in ended.err.splitlines())
    assert "households: 0\n" in embedded("status").out
    ended = embedded("load", "households", "h.csv", "--accept")
    assert (ended.code, ended.out) == (
        3,
        "households: 2 rows read, 1 taken, 0 known, 1 refused\n"
        "  cells are separated by ';'\n"
        "  TO ACCEPT: 1 postcodes lost their leading zeros, which are put back "
        "(row 2: 2138 is 02138)\n",
    )


def test_load_of_what(embedded: Larder) -> None:
    assert embedded("load").code in {0, 2}
    assert embedded("load", "shelves", "x.csv").code == 2
    assert embedded("load", "products").code == 2
