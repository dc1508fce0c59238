"""Sheets that can be read and may mean something else: every kind is said on load.

The kinds are those of the table in docs/deals.md, and each has at least one sheet here.
"""

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook import Workbook

from service.deals import Preview, ReadOptions, load_body, make_template, preview_deals
from service.errors import NotAccepted
from service.store.actor import Actor
from service.store.session import Database
from tests import shop
from tests.deals.test_sheets import DEAL, catalogue, replace_in_package

__all__ = ["catalogue"]

DOCUMENT = (Path(__file__).parents[2] / "docs" / "deals.md").read_text(encoding="utf-8")
MILK, CREAM, BREAD = "2000000000015", "2000000000053", "2000000000022"
AS_OF = date(2026, 3, 1)
FROM, TO, UNTIL = datetime(2026, 4, 1), datetime(2026, 4, 30), datetime(2026, 5, 14)  # noqa: DTZ001
BASE: dict[str, Any] = {
    **DEAL, "value": 1, "funding_share_percent": 100, "budget": 1200,
    "mail_from": FROM, "mail_to": TO, "redeem_from": FROM, "redeem_to": UNTIL,
}  # fmt: skip
Rows = Sequence[Sequence[Any]]
Change = Callable[[Workbook], object]


def row(**change: Any) -> dict[str, Any]:
    return {**BASE, **change}


def table(*deals: Mapping[str, Any], names: Mapping[str, str] | None = None) -> list[list[Any]]:
    """A header and a row for each deal; `names` gives columns other headers."""
    columns = list(dict.fromkeys(name for deal in deals for name in deal))
    head: list[Any] = [(names or {}).get(name, name) for name in columns]
    return [head, *([deal.get(name) for name in columns] for deal in deals)]


def book(rows: Rows, change: Change | None = None, **others: Rows) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "Deals"
    for each in rows:
        sheet.append(list(each))
    for title, more in others.items():
        sheet = made.create_sheet(title.replace("_", " "))
        for each in more:
            sheet.append(list(each))
    if change:
        change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def text(rows: Rows) -> bytes:
    def shown(cell: Any) -> str:
        if isinstance(cell, datetime):
            return f"{cell:%Y-%m-%d}"
        return "" if cell is None else str(cell)

    return "\n".join("|".join(map(shown, each)) for each in rows).encode()


def formatted(cell: str, code: str) -> Change:
    return lambda made: setattr(made["Deals"][cell], "number_format", code)


def struck(made: Workbook) -> None:
    for cell in made["Deals"][3]:
        cell.font = Font(strike=True)


def partly_struck(made: Workbook) -> None:
    made["Deals"]["C3"] = CellRichText(TextBlock(InlineFont(strike=True), "Milk"))


def grey(made: Workbook) -> None:
    for cell in made["Deals"][3]:
        cell.font = Font(color="FF999999")


def red(made: Workbook) -> None:
    for cell in made["Deals"][3]:
        cell.fill = PatternFill("solid", fgColor="FFFF0000")


def striped(made: Workbook) -> None:
    for number in (2, 4):
        for cell in made["Deals"][number]:
            cell.fill = PatternFill("solid", fgColor="FFD9D9D9")


def commented(made: Workbook) -> None:
    made["Deals"]["A3"].comment = Comment("cancelled by the buyer", "Jim")


def filtered(made: Workbook) -> None:
    made["Deals"].auto_filter.ref = "A1:L3"
    made["Deals"].auto_filter.add_filter_column(0, ["D1"])
    made["Deals"].row_dimensions[3].hidden = True


def hidden_sheet(made: Workbook) -> None:
    made["More"].sheet_state = "hidden"


def hidden_column(letter: str) -> Change:
    return lambda made: setattr(made["Deals"].column_dimensions[letter], "hidden", True)


def merged(made: Workbook) -> None:
    for letter in "ABCEFGHIJKL":
        made["Deals"].merge_cells(f"{letter}2:{letter}3")


def from_1904(made: Workbook) -> None:
    made.epoch = CALENDAR_MAC_1904
    for cell in ("I2", "J2", "K2", "L2"):
        made["Deals"][cell].number_format = "General"


BARE = dict.fromkeys(BASE)
TWO = (row(), row(deal_id="D2", eligible_gtins=CREAM))
SECOND = {**{name: BASE[name] for name in reversed(BASE)}, "deal_id": "D2", "budget": 7}
SOLD = ("supplier", "Oven Works")
KINDS: list[tuple[str, bytes, list[str]]] = [
    *(
        ("a limit under another name", book(table(row(), names={"budget": header})),
         [f"fault: {header!r} is not known"])
        for header in ("Budget (USD)", "max budget $", "Bugdet total", "NTE amount", "Werbebudget",
                       "presupuesto máximo", "预算金额", "Co-op fund", "Spend", "Total allowance")
    ),
    *(
        ("a limit under another name", book(table(row(**{header: 2}))),
         [f"fault: {header!r} is not known"])
        for header in ("Household max", "per hh limit", "Max. redemptions", "No. of copies",
                       "Haushaltslimit", "limite par foyer", "世帯あたり上限", "Cap",
                       "Excl. brands", "Lmit", "house hold limit", "Per shopper", "Qty available",
                       "一人一次", "pro Kunde")
    ),
    ("a limit twice", book(table(row(**{"circulation_max": 500, "Max. circulation": 2}))),
     ["fault: 'Max. circulation' is another column of circulation_max"]),
    ("a hidden limit", book(table(row()), hidden_column("H")),
     ["fault: 'budget' is hidden, and its limit would be lost"]),
    ("a hidden column", book(table(row(target_stores="0042")), hidden_column("M")),
     ["ask: sheet Deals: hidden columns were not read: target_stores"]),
    ("no budget", text(table(row(budget=None))), ["note: D1: NO BUDGET"]),
    ("no budget", text([each[:7] + each[8:] for each in table(row())]), ["note: D1: NO BUDGET"]),
    ("a point between thousands", book(table(row(budget="5.000"))),
     ["ask: Deals!H2: 5.000 was read as 5000"]),
    ("a point between thousands",
     book(table(row(budget="5.000"), row(deal_id="D2", budget="1.234,56"))), []),
    ("a point between thousands", book(table(row(min_quantity=1.125, unit="kg"))), []),
    ("a point between thousands",
     book(table(row(budget="5.000"), row(deal_id="D2", budget="12.50"))),
     ["fault: '5.000' may be 5000 or 5.000"]),
    ("another currency", text(table(row(value="€1.00"))), ["fault: '€1.00' has the sign €"]),
    ("another currency", text(table(row(budget="1000 kr"))), ["fault: '1000 kr' has the sign kr"]),
    ("another currency", text(table(row(budget="CAD 500"))), ["fault: 'CAD 500' has the sign CAD"]),
    ("another currency", text(table(row(value="50¢"))), ["fault: '50¢' is in hundredths"]),
    ("another currency", book(table(row()), formatted("H2", '#,##0.00 "€"')),
     ["fault: '€ 1200' has the sign €"]),
    ("another currency", book(table(row()), formatted("H2", "[$£-809]#,##0.00")),
     ["fault: '£ 1200' has the sign £"]),
    ("another currency", book(table(row()), formatted("H2", '"$"#,##0.00')), []),
    ("money as a per cent", text(table(row(benefit="percent_off", value="$2.00", face_value=1))),
     ["fault: an amount of money (2.00) does not fit percent_off"]),
    ("money as a per cent", book(table(row(benefit="percent_off", value=2, face_value=1)),
                                 formatted("F2", "$#,##0.00")),
     ["fault: an amount of money (2) does not fit percent_off"]),
    ("money as a per cent", text(table(row(funding_share_percent="$50"))),
     ["fault: '$50' is an amount of money, not a per cent"]),
    ("1 as a per cent", text(table(row(funding_share_percent=1))),
     ["ask: G2: funding_share_percent 1 was read as 1 %"]),
    ("1 as a per cent", book(table(row(funding_share_percent=1)), formatted("G2", "0%")), []),
    ("1 as a per cent", text(table(row(benefit="percent_off", face_value=1))),
     ["ask: D1: 1 was read as 1 % off"]),
    ("a second table", book([*table(row()), [], *table(SECOND)]),
     ["note: sheet Deals, from row 4: another row of column names begins a table of its own"]),
    ("a second table", text([*table(row()), *table(row(deal_id="D2"))]), []),
    ("a row of totals", text([*table(*TWO), ["Total", *[""] * 6, 2400]]),
     ["fault: adds up the rows above"]),
    ("a row of totals", text([*table(*TWO), *[["", "", label, *[""] * 4, 9] for label in
                                              ("Summe:", "合计", "Grand total")]]),
     ["fault: adds up the rows above"] * 3),
    ("a row of totals", text([*table(*TWO), [*[""] * 7, 2400]]), ["fault: adds up the rows above"]),
    ("a deal over several rows", text(table(*(row(eligible_gtins=each) for each in (MILK, CREAM)))),
     ["note: D1 (2 rows): rows that differ only in their products are one deal"]),
    ("a deal over several rows",
     text(table(row(), {**BARE, "eligible_gtins": CREAM}, row(deal_id="D2"))),
     ["note: D1 (2 rows): rows that differ only in their products are one deal"]),
    ("a deal over several rows", book(table(row(), row(eligible_gtins=CREAM)), merged),
     ["note: D1 (2 rows): rows that differ only in their products are one deal"]),
    ("a deal over several rows", text(table(row(), row(eligible_gtins=CREAM, value=2))),
     ["fault: is in A2 already"]),
    *(
        ("a sheet of old deals", book(table(row()), **{title: table(row(deal_id="D2"))}),
         [f"ask: sheet {title.replace('_', ' ')}: its name says"])
        for title in ("Old", "Deals_(2)", "Archiv_2026", "Copy_of_Deals", "备份", "DO_NOT_USE")
    ),
    ("a sheet of old deals", book(table(row()), hidden_sheet, More=table(row(deal_id="D2"))),
     ["ask: sheet More is hidden and was passed over with its deals"]),
    ("a sheet of old deals", book(table(row()), **{"2025": table(row(
        deal_id="D2", **{name: day.replace(year=2025) for name, day in BASE.items()
                         if isinstance(day, datetime)}))}),
     ["ask: sheet 2025: its deals are of 2025", "ask: sheet Deals: its deals are of 2026",
      "note: D2: have ended"]),
    ("a description of the product",
     text(table(row(brand="Dale", category="Dairy"), names={"brand": "Brand"})),
     ["note: Brand and category describe the products named by GTIN"]),
    ("a description of the product",
     text(table(row(brand="Oven"), names={"brand": "Brand"})),
     ["note: Brand describes the products", "ask: D1: the brand is Dale by GTIN, not Oven"]),
    ("real dates beside typed ones",
     book(table(row(mail_from=datetime(2026, 3, 4), redeem_to="25/05/2026"))),  # noqa: DTZ001
     ["note: dates: day first", "ask: dates: 25/05/2026 can only have the day first, but others"]),
    ("a workbook that counts from 1904", book(table(row()), from_1904),
     ["note: Deals!I2: 44651 was read as the spreadsheet's number of 2026-04-01",
      *["note: Deals!"] * 3]),
    ("a workbook that counts from 1904",
     replace_in_package(book(table(row()), from_1904), b'date1904="1"', b'date1904="true"'),
     ["note: Deals!I2: 44651 was read as the spreadsheet's number of 2026-04-01",
      *["note: Deals!"] * 3]),
    ("dates that are hardly meant", text(table(row(redeem_from="2022-04-01", redeem_to="2026-05-14")
                                               )),
     ["ask: D1: run for more than 400 days"]),
    ("dates that are hardly meant", text(table(row(**{
        name: day.replace(year=2062) for name, day in BASE.items() if isinstance(day, datetime)}))),
     ["ask: D1: begin in more than two years"]),
    ("dates that are hardly meant", text(table(row(redeem_from="2062-04-01",
                                                   redeem_to="2062-05-01"))),
     ["ask: D1: begin in more than two years"]),
    ("dates that are hardly meant", text(table(row(mail_from="2024-01-02", mail_to="2024-02-01",
                                                   redeem_from="2024-01-02",
                                                   redeem_to="2024-03-01"))),
     ["note: D1: have ended"]),
    ("dates that are hardly meant", text(table(row(redeem_to="2026-03-31", redeem_from="2026-03-01")
                                               )),
     ["fault: 2026-03-31 is before the first mailing"]),
    ("dates that are hardly meant", text(table(row(redeem_to="2026-04-25"))),
     ["note: D1: end at the till before the last day of mailing"]),
    ("a row that is crossed out", book(table(*TWO), red), ["ask: D2: on a grey or red ground"]),
    *(
        ("a row that is crossed out", book(table(*TWO, row(deal_id="D3")), change),
         [f"ask: {said}"])
        for change, said in (
            (struck, "D2: struck through"), (partly_struck, "D2: struck through"),
            (grey, "D2: written in grey"), (red, "D2: on a grey or red ground"),
            (commented, "Deals!A3: the cell has a comment: 'cancelled by the buyer'"),
        )
    ),
    ("a row that is crossed out", book(table(*TWO, row(deal_id="D3")),
                                       striped), []),
    ("a row that is crossed out", book(table(*TWO), filtered),
     ["ask: sheet Deals: rows that are hidden by a filter were not read: 3"]),
    *(
        ("a row with a status", text(table(row(**{header: "Active"}), row(
            deal_id="D2", eligible_gtins=CREAM, **{header: said}))), [f"ask: D2: with {header}"])
        for header, said in (
            ("Status", "CANCELLED"), ("Status", "on hold"), ("Deal status", "Draft"),
            ("Zustand", "storniert"), ("Statut", "annulé"), ("状态", "已取消"), ("Remarks",
            "cancelled per buyer"), ("Approved", "No"),
        )
    ),
    ("a row with a status", text(table(row(state="Active"), row(deal_id="D2", state="Cancelled"))),
     ["note: state is read as a status, not as regions", "ask: D2: with state 'Cancelled'"]),
    ("a row with a status", text(table(row(title="CANCELLED - Milk"))),
     ["ask: D1: with a title that says it is off"]),
    ("an unknown store or region", text(table(row(target_stores="9999"))),
     ["note: M2: 9999 is no store known yet"]),
    ("an unknown tier", text(table(row(target_tiers="most_valuabel"))), ["fault: 'most_valuabel'"]),
    ("more off than it costs", text(table(row(value="1.50"))),
     ["note: D1: take off more than the products usually cost"]),
    ("more off than it costs", text(table(row(value="10.00"))), ["ask: D1: take off 2 times"]),
    ("more off than it costs", text(table(row(benefit="fixed_price", value=5, face_value=1))),
     ["note: D1: have a price that is not below"]),
    ("products of another supplier", text(table(row(eligible_gtins=BREAD))),
     ["ask: D1: Dale Foods would pay for products of other suppliers"]),
    ("a deal shorter than a list", text(table(row(mail_to="2026-04-10", redeem_to="2026-04-18"))),
     ["note: D1: can be used for less than the 19 days of a list"]),
    ("a budget below one copy", text(table(row(budget="0.50"))),
     ["note: D1: the budget does not pay for one copy"]),
    ("three deals on one product", text(table(*(row(deal_id=f"D{n}") for n in range(3)))),
     ["note: D0, D1, D2: all on 2000000000015 in the same weeks"]),
    ("a quantity that is a forecast", text(table(row(Qty=500))),
     ["ask: D1: one use takes more than 24 pieces"]),
    ("a quantity that is a forecast", text(table(row(limit_per_household=500))),
     ["ask: D1: a household may use it more than 50 times"]),
    *(
        ("terms of payment", text(table(row(Terms=said))),
         ["ask: D1: Terms reads as terms of payment, and is not printed"])
        for said in ("2% 10 net 30", "2/10 net 30", "NET 45", "Net 30 days", "n/30",
                     "14 Tage 2 % Skonto", "30 jours fin de mois", "60 days EOM", "due on receipt")
    ),
    *(
        ("terms of payment", text(table(row(Terms=said))), [])
        for said in ("Limit one per household.", "Net weight 500 g. No cash value.",
                     "Valid 30 days. 2 per visit.", "Not with other offers, 1/2 off excluded.")
    ),
    ("a title of pictures", text(table(row(title="🎉🎉"))),
     ["fault: is only emoji, which are left out in print"]),
    ("a title of pictures", text(table(row(title="Creamer 🎉"))),
     ["note: emoji are left out in print where no font has them: 'Creamer 🎉'"]),
]  # fmt: skip


def said(found: Preview) -> list[str]:
    """All that is said of a file but the notes that each has: the separator, unused columns."""
    notes = [f"{'ask' if note.asks else 'note'}: {note.text}" for note in found.notes]
    ordinary = r"note: (cells are sep|.*columns not used|.*comma before|hidden columns were not)"
    faults = [f"fault: {problem.detail}" for problem in found.problems]
    return [each for each in notes if not re.match(ordinary, each)] + faults


def read(database: Database, body: bytes) -> Preview:
    options = ReadOptions(as_of=AS_OF, list_days=19)
    return preview_deals(database, "deals", body, options=options)


def numbered() -> Iterator[Any]:
    for number, (kind, body, expected) in enumerate(KINDS):
        yield pytest.param(body, expected, id=f"{number}-{kind.replace(' ', '-')}")


@pytest.mark.parametrize(("body", "expected"), list(numbered()))
def test_every_kind_is_said(catalogue: Database, body: bytes, expected: list[str]) -> None:
    found = said(read(catalogue, body))
    for start in expected:
        assert any(each.startswith(start) for each in found), (start, found)
    asks = sum(start.startswith("ask") for start in expected)
    assert sum(each.startswith("ask") for each in found) == asks, found
    if not any(start.startswith("fault") for start in expected):
        assert len(found) == len(expected), found


def test_the_document_has_every_kind_and_no_other() -> None:
    section = DOCUMENT.partition("\n## What may be misread\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (?!kind \||---)([^|]+) \|", section, re.MULTILINE) == list(
        dict.fromkeys(kind for kind, _, _ in KINDS)
    )


def meaning(found: Preview) -> tuple[list[str], list[str]]:
    """What the deals mean, and what is said of them, wherever they are in the file."""
    places = re.compile(r"^(\w+: )?(sheet [^:,]+(, from row \d+)?: |[\w ]*!?[A-Z]+\d+: )?")
    apart = [part for each in said(found) for part in [places.sub(r"\1", each)]]
    return sorted(f"{deal.deal_id} {deal.sentence}" for deal in found.deals), sorted(apart)


MIXED = table(
    row(), row(eligible_gtins=CREAM), row(deal_id="D2", value="1.50"),
    row(deal_id="D3", supplier="Oven Works", eligible_gtins=BREAD, budget=None, state="Active"),
    row(deal_id="D4", funding_share_percent=1, state="Active"),
    row(deal_id="D5", supplier="House Brand", eligible_gtins=BREAD, Terms="net 30"),
    row(deal_id="D6", value=0.4, state="Active", brand="Oven", Status="on hold"),
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(order=st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_and_the_kind_of_file_change_nothing(
    catalogue: Database, order: Any
) -> None:
    wanted = meaning(read(catalogue, text(MIXED)))
    assert sum(each.startswith("ask") for each in wanted[1]) == 5
    head, *deals = MIXED
    columns = list(range(len(head)))
    order.shuffle(columns)
    # The parts of D1 stay in the order in which its products are named.
    order.shuffle(deals)
    moved = [[line[place] for place in columns] for line in (head, *deals)]
    assert meaning(read(catalogue, text(moved))) == wanted
    assert meaning(read(catalogue, book(moved, lambda made: setattr(
        made["Deals"], "title", "Spring plan")))) == wanted  # fmt: skip


def test_the_same_deals_in_two_sheets_or_two_tables_mean_the_same(catalogue: Database) -> None:
    wanted = meaning(read(catalogue, text(MIXED)))
    head, *deals = MIXED
    two = book([head, *deals[:4]], North=[head, *deals[4:]])
    apart = meaning(read(catalogue, two))
    assert apart[0] == wanted[0]
    assert set(apart[1]) == set(wanted[1])
    turned = [line[::-1] for line in (head, *deals[4:])]
    below = meaning(read(catalogue, book([head, *deals[:4], [], ["More deals"], *turned])))
    assert below[0] == wanted[0]
    assert set(wanted[1]) < set(below[1])


def test_ordinary_sheets_ask_nothing(catalogue: Database) -> None:
    bodies = [make_template(), text(table(*TWO)), book(table(*TWO))]
    bodies += [line.encode() for line in (shop.DEALS,)]
    for body in bodies:
        found = read(catalogue, body)
        assert [note.text for note in found.notes if note.asks] == []


def test_a_file_that_asks_is_loaded_when_it_is_accepted_and_not_before(
    catalogue: Database,
) -> None:
    body = text(table(row(deal_id="ASKED", funding_share_percent=1)))
    options = ReadOptions(as_of=AS_OF)
    with pytest.raises(NotAccepted):
        load_body(catalogue, "a.csv", body, uploaded_by=Actor("tests"), options=options)
    accept = read(catalogue, body).accept
    report = load_body(
        catalogue, "a.csv", body, uploaded_by=Actor("tests"), options=options, accept=accept
    )
    assert (report.added, [note.asks for note in report.notes][-1]) == (1, True)
