"""What one transaction tells, without a database: every way a line can be priced or be wrong."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import InvalidInput
from service.files.poslog import stream
from service.files.poslog.lines import SaleLine
from service.files.poslog.sale import Refused, Sale, parse_moment, read_sale
from tests.files.files import write_file
from tests.files.poslog.files import line, poslog, transaction


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.xml"


def read(log: Path, *sales: str, exponent: int = 2) -> list[Sale | Refused | None]:
    write_file(log, poslog(*sales))
    return [
        read_sale(node, file="log", currency="USD", exponent=exponent)
        for node, _, _ in stream.transactions(log, str(log))
    ]


def sold(log: Path, *lines: str, rest: str = "") -> tuple[SaleLine, ...]:
    (sale,) = read(log, transaction(*lines, rest=rest))
    assert isinstance(sale, Sale)
    return sale.lines


def faults(log: Path, *lines: str, **attributes: str) -> list[str]:
    (sale,) = read(log, transaction(*lines, **attributes))
    assert isinstance(sale, Refused)
    return [str(problem).partition("2026-03-01/1, ")[2] for problem in sale.problems]


def priced(extended: str, quantity: str = "2", **more: str) -> str:
    """A line with prices and modifiers by element name."""
    parts = {
        "regular": "<RegularSalesUnitPrice>{}</RegularSalesUnitPrice>",
        "actual": "<ActualSalesUnitPrice>{}</ActualSalesUnitPrice>",
        "discount": "<ExtendedDiscountAmount>{}</ExtendedDiscountAmount>",
        "off": "<RetailPriceModifier><Amount>{}</Amount></RetailPriceModifier>",
        "percent": "<RetailPriceModifier><Percent>{}</Percent></RetailPriceModifier>",
        "added": '<RetailPriceModifier><Amount Action="Add">{}</Amount></RetailPriceModifier>',
        "voided": '<RetailPriceModifier VoidFlag="true"><Amount>{}</Amount></RetailPriceModifier>',
        "replaced": (
            '<RetailPriceModifier><Amount Action="Replace">{}</Amount></RetailPriceModifier>'
        ),
    }
    rest = "".join(parts[name].format(text) for name, text in more.items())
    return line(extended=extended, quantity=quantity, rest=rest)


@pytest.mark.parametrize(
    ("item", "cents"),
    [
        (priced("5.00"), 500),
        (priced("5.00000"), 500),
        (priced("", actual="2.495"), 499),
        (priced("", regular="2.50"), 500),
        (priced("", regular="2.50", off="0.75"), 425),
        (priced("4.25", regular="2.50", off="0.75"), 425),
        (priced("5.00", regular="2.50", off="0.75"), 425),
        (priced("3.50", regular="2.50", off="0.75"), 350),
        (priced("5.00", regular="2.50", discount="0.75", off="0.40"), 425),
        (priced("4.25", regular="2.50", discount="0.75"), 425),
        (priced("5.00", regular="2.50", percent="10"), 450),
        (priced("4.50", regular="2.50", percent="10"), 450),
        (priced("5.00", regular="2.50", added="0.30"), 530),
        (priced("5.30", regular="2.50", added="0.30"), 530),
        (priced("5.00", regular="2.50", off="0.75", voided="1.00"), 425),
        (priced("4.00", regular="2.50", replaced="2.00"), 400),
        (priced("4.00", regular="2.50", replaced="2.00", off="0.50"), 350),
        (priced("3.50", actual="1.75", off="0.75"), 350),
        (priced("0.00", regular="2.50", discount="5.00"), 0),
        (priced("1.26", "0.42", regular="2.99"), 126),
    ],
)
def test_what_a_line_came_to(log: Path, item: str, cents: int) -> None:
    assert [each.amount_cents for each in sold(log, item)] == [cents]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (priced(""), "ExtendedAmount: is missing, and so is a price (export ExtendedAmount, or a"),
        (priced("1,25"), "ExtendedAmount: '1,25' is not an amount with 2 decimals (use a point"),
        (priced("1.255"), "ExtendedAmount: '1.255' is not an amount with 2 decimals"),
        (priced("NaN"), "ExtendedAmount: 'NaN' is not an amount with 2 decimals"),
        (priced("1e99"), "ExtendedAmount: '1e99' is not an amount with 2 decimals"),
        (priced("5.00", regular="free"), "RegularSalesUnitPrice: 'free' is not an amount"),
        (priced("5.00", off="some"), "Amount: 'some' is not an amount with 2 decimals"),
        (
            priced("5.00", regular="2.50", discount="5.01"),
            "RetailPriceModifier: takes more off than the line cost",
        ),
        (priced("5.00", "many"), "Quantity: 'many' is not a number"),
        (priced("5.00", "1000001"), "Quantity: '1000001' is not a number"),
        (
            priced("5.00", "-2"),
            "Quantity: is -2 for a positive amount (export goods that come back as Return, or",
        ),
        (line().replace("r>1<", "r>one<", 1), "SequenceNumber: 'one' is not a whole number from 0"),
        (line() + line(), "SequenceNumber: appears twice (number each line once)"),
    ],
)
def test_what_is_wrong_with_a_line(log: Path, item: str, expected: str) -> None:
    (fault,) = faults(log, item)
    assert fault.partition(", ")[2].startswith(expected)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"day": "01.03.2026"}, "BusinessDayDate: '01.03.2026' is not a date as 2017-11-25"),
        ({"at": "yesterday"}, "EndDateTime: 'yesterday' is not a moment as 2017-11-25T17:04:00"),
        ({"at": ""}, "EndDateTime: is missing or empty (export EndDateTime or BeginDateTime)"),
        ({"number": ""}, "SequenceNumber: is missing or empty (export SequenceNumber, or"),
        (
            {"rest": "<CurrencyCode>CAD</CurrencyCode>"},
            "CurrencyCode: is 'CAD' (load files in USD only (LARDER_CURRENCY))",
        ),
    ],
)
def test_what_is_wrong_with_a_transaction(
    log: Path, attributes: dict[str, str], expected: str
) -> None:
    (sale,) = read(log, transaction(**attributes))
    assert isinstance(sale, Refused)
    (fault,) = sale.problems
    assert f", {expected}" in str(fault)


def test_all_that_is_wrong_is_told_at_once(log: Path) -> None:
    wrong = faults(log, line(quantity="x"), line(2, extended="y"), at="z")
    assert [fault.partition(":")[0] for fault in wrong] == [
        "EndDateTime",
        "line item 1 (line 4), Quantity",
        "line item 2 (line 5), ExtendedAmount",
    ]


@pytest.mark.parametrize(
    ("goods", "gtin"),
    [
        ("<ItemID>78300054764</ItemID>", 78300054764),
        (
            "<ItemID>12</ItemID><POSIdentity><POSItemID>078300054764</POSItemID></POSIdentity>",
            78300054764,
        ),
        ("<ItemID>12345678</ItemID><ItemID>2000000000015</ItemID>", 2000000000015),
        ('<ItemID Name="SKU">12</ItemID><ItemID Type="X:EAN13">4011</ItemID>', 4011),
        (
            '<ItemID>12</ItemID><SerialNumber Type="GTIN">02000000000022</SerialNumber>',
            2000000000022,
        ),
        ('<ItemID>12</ItemID><SerialNumber Type="SGTIN">303</SerialNumber>', 12),
        (
            "<Item><ItemNumber>33</ItemNumber><UPCNumber>886118246116</UPCNumber></Item>",
            886118246116,
        ),
        ("<POSIdentity><POSItemID>4011</POSItemID></POSIdentity><ItemID>77</ItemID>", 4011),
    ],
)
def test_which_number_is_the_product(log: Path, goods: str, gtin: int) -> None:
    item = line().replace("<ItemID>4011</ItemID>", goods)
    assert [each.gtin for each in sold(log, item)] == [gtin]


def test_lost_zeros_and_added_ones_are_the_same_product(log: Path) -> None:
    written_as = ("78300054764", "078300054764", "0078300054764", "00078300054764")
    lines = [line(n, gtin=text) for n, text in enumerate(written_as, start=1)]
    assert {each.gtin for each in sold(log, *lines)} == {78300054764}


@pytest.mark.parametrize(
    ("attributes", "number", "unit", "milli"),
    [
        ("", "3", "each", 3000),
        ('UnitOfMeasureCode="EA" Units="3"', "3", "each", 3000),
        ('UnitOfMeasureCode="LBR"', "1.5", "lb", 1500),
        ('UnitOfMeasureCode="KG" Units="0.512"', "1", "kg", 512),
        ('UnitOfMeasureCode="KG" Units="1"', "0.512", "kg", 512),
        ('UnitOfMeasureCode="KG" Units="0.512"', "0.512", "kg", 512),
        ('UnitOfMeasureCode="X:Bunch"', "2", "x:bunch", 2000),
        ("", "0.0005", "each", 1),
    ],
)
def test_quantities_and_units(
    log: Path, attributes: str, number: str, unit: str, milli: int
) -> None:
    item = line().replace("<Quantity>1<", f"<Quantity {attributes}>{number}<")
    assert [(each.unit, each.quantity_milli) for each in sold(log, item)] == [(unit, milli)]


def test_what_comes_back_is_negative_however_it_is_written(log: Path) -> None:
    lines = sold(
        log,
        line(1, kind="Return"),
        line(2, kind="Return", quantity="-1"),
        line(3, kind="Return", extended="-1.00"),
        line(4, quantity="-1", extended="-1.00"),
        line(5, extended="-1.00"),
    )
    assert {(each.quantity_milli, each.amount_cents) for each in lines} == {(-1000, -100)}


@pytest.mark.parametrize(
    ("modification", "amounts"),
    [
        ("<Amount>1.00</Amount>", [46, 91, 913]),
        ('<Amount Action="Add">1.00</Amount>', [54, 109, 1087]),
        ("<Percent>10</Percent>", [45, 90, 900]),
        ("<ProratedFlag>true</ProratedFlag><Amount>1.00</Amount>", [50, 100, 1000]),
    ],
)
def test_a_discount_on_the_transaction_is_spread_exactly(
    log: Path, modification: str, amounts: list[int]
) -> None:
    name = "PriceModificationLineItem"
    item = f"<LineItem><{name}>{modification}</{name}></LineItem>"
    lines = sold(
        log, line(1, extended="0.50"), line(2, extended="1.00"), line(3, extended="10.00"), item
    )
    assert [each.amount_cents for each in lines] == amounts


def test_a_discount_larger_than_the_sale_is_refused(log: Path) -> None:
    item = "<LineItem><Discount><Amount>1.01</Amount></Discount></LineItem>"
    assert faults(log, line(), item) == [
        "PriceModificationLineItem: takes more off than the lines came to (export its Amount for "
        "the transaction)"
    ]


@pytest.mark.parametrize(
    "flagged",
    [
        transaction().replace("<Transaction>", '<Transaction VoidedFlag="true">'),
        transaction().replace("<Transaction>", '<Transaction CancelFlag="1">'),
        transaction().replace("<Transaction>", '<Transaction SuspendFlag="true">'),
        transaction().replace("<Transaction>", '<Transaction TrainingModeFlag="TRUE">'),
        transaction(rest="<TransactionStatus>Voided</TransactionStatus>"),
        transaction(line().replace("<LineItem>", '<LineItem CancelFlag="true">')),
        transaction("<LineItem><Tender><Amount>1.00</Amount></Tender></LineItem>"),
    ],
)
def test_what_is_no_sale_is_passed_over(log: Path, flagged: str) -> None:
    assert read(log, flagged) == [None]


def test_a_void_of_an_earlier_transaction_is_told(log: Path) -> None:
    link = '<TransactionLink ReasonCode="PostVoid"><Number>9</Number></TransactionLink>'
    (refused,) = read(log, transaction(link, line()))
    assert isinstance(refused, Refused)
    assert "voids an earlier transaction" in refused.problems[0].detail


@pytest.mark.parametrize(
    ("text", "offset", "meant"),
    [
        ("2026-03-01T17:04:00Z", "", datetime(2026, 3, 1, 17, 4, tzinfo=UTC)),
        ("2026-03-01T17:04:00.123-05:00", "", datetime(2026, 3, 1, 22, 4, 0, 123000, tzinfo=UTC)),
        ("2026-03-01T17:04:00", "07:00:00", datetime(2026, 3, 1, 10, 4, tzinfo=UTC)),
        ("2026-03-01T17:04:00", "-05:00", datetime(2026, 3, 1, 22, 4, tzinfo=UTC)),
        ("2026-03-01T17:04:00", "99:00", datetime(2026, 3, 1, 17, 4)),  # noqa: DTZ001
        ("2026-03-01T17:04", "", datetime(2026, 3, 1, 17, 4)),  # noqa: DTZ001
        ("2026-02-30T17:04:00Z", "", None),
        ("2026-03-01", "", None),
        ("1800-03-01T17:04:00Z", "", None),
    ],
)
def test_moments(text: str, offset: str, meant: datetime | None) -> None:
    assert parse_moment(text, offset) == meant


@pytest.mark.parametrize(
    ("limit", "absurd"),
    [
        ("MAX_DEPTH", "<a>" * 21 + "</a>" * 21),
        ("MAX_ELEMENTS", "<a/>" * 21),
        ("MAX_TEXT", f"<a>{'x' * 400}</a>"),
    ],
)
def test_a_transaction_of_absurd_size_is_refused(
    log: Path, monkeypatch: pytest.MonkeyPatch, limit: str, absurd: str
) -> None:
    monkeypatch.setattr(stream, limit, 300 if limit == "MAX_TEXT" else 20)
    assert len(read(log, transaction())) == 1
    with pytest.raises(InvalidInput, match="cannot be loaded safely"):
        read(log, transaction(rest=absurd))


def test_a_tag_that_never_ends_is_refused(log: Path) -> None:
    write_file(log, "<POSLog " + "a" * (stream.MAX_TOKEN + 2 * 262_144))
    with pytest.raises(InvalidInput, match="cannot be loaded safely"):
        list(stream.transactions(log, str(log)))


QUANTITIES = st.one_of(st.integers(1, 12).map(Decimal), st.decimals("0.001", "9.999", places=3))
HOURS = st.integers(-14, 14)
EARLIEST, LATEST = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001
LINES = st.lists(
    st.tuples(
        st.integers(1, 10**14 - 1),
        QUANTITIES,
        st.integers(1, 10_000),
        st.integers(0, 100),
        st.sampled_from(["before", "after", "each"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=50)
@given(LINES, st.datetimes(EARLIEST, LATEST), HOURS)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory,
    bought: list[tuple[int, Decimal, int, int, str, bool]],
    moment: datetime,
    hours: int,
) -> None:
    """Baskets written as a till would, with line discounts in each of the ways tills write them."""
    expected, items = [], []
    for number, (gtin, quantity, price, percent, way, back) in enumerate(bought, start=1):
        before = int((price * quantity).quantize(Decimal(1), "ROUND_HALF_UP"))
        off = before * percent // 200
        if way == "each" and quantity == int(quantity):
            off -= off % int(quantity)
        net = before - off
        stated = before if way == "before" else net
        taken = off // int(quantity) if way == "each" and quantity == int(quantity) else off
        rest = (
            f"<RegularSalesUnitPrice>{Decimal(price).scaleb(-2)}</RegularSalesUnitPrice>"
            f"<RetailPriceModifier><Amount>{Decimal(taken).scaleb(-2)}</Amount>"
            "</RetailPriceModifier>"
        )
        items.append(
            line(
                number,
                gtin=f"{gtin:014d}",
                extended=str(Decimal(stated).scaleb(-2)),
                quantity=str(quantity),
                rest=rest if off else "",
                kind="Return" if back else "Sale",
            )
        )
        sign = -1 if back else 1
        expected.append(
            SaleLine(
                number, gtin, sign * int(quantity * 1000), "each", sign * (net if off else stated)
            )
        )
    at = moment.replace(microsecond=0).isoformat() + f"{hours:+03d}:00"
    log = tmp_path_factory.getbasetemp() / "round.xml"
    (sale,) = read(log, transaction(*items, at=at, number="7"))
    assert isinstance(sale, Sale)
    assert sale.lines == tuple(expected)
    assert sale.at.utcoffset() == timedelta(hours=hours)
    assert sale.at.replace(tzinfo=None) == moment.replace(microsecond=0)
    named = (sale.store_id, sale.terminal, sale.number, sale.business_date)
    assert named == ("0042", "07", "7", date(2026, 3, 1))
