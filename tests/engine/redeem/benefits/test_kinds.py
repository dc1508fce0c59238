"""What every kind of benefit must say of itself; a new kind fails here until it is written down."""

from collections import Counter
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules

import pytest

from service.engine.redeem import (
    BENEFITS,
    AmountOff,
    Benefit,
    BundlePrice,
    BuyGet,
    Condition,
    Covers,
    FixedPrice,
    FreeItem,
    Need,
    PercentOff,
    Points,
    Terms,
    benefits,
    parse_terms,
)
from service.engine.redeem.benefits.mechanic import Mechanic
from service.engine.redeem.benefits.row import DoesNotFit, SheetRow
from tests.engine.redeem.strategies import BY_KIND

ONE = '"condition":{"minimum_spend_cents":0,"needs":[{"quantity_milli":1000,"unit":"each"}]}'
NONE = '"condition":{"minimum_spend_cents":0,"needs":[{"quantity_milli":0,"unit":"each"}]}'
STORED: dict[str, tuple[Benefit, str]] = {
    "amount_off": (AmountOff(50), '{"amount_cents":50,"kind":"amount_off"},' + ONE),
    "percent_off": (
        PercentOff(2000),
        '{"basis_points":2000,"covers":"needed","kind":"percent_off"},' + ONE,
    ),
    "fixed_price": (
        FixedPrice(0),
        '{"covers":"needed","kind":"fixed_price","price_cents":0},' + ONE,
    ),
    "bundle_price": (BundlePrice(500), '{"kind":"bundle_price","price_cents":500},' + ONE),
    "buy_get": (BuyGet(2), '{"basis_points":10000,"get":2,"kind":"buy_get","on":0},' + ONE),
    "free_item": (FreeItem(), '{"kind":"free_item","on":0},' + NONE),
    "points": (Points(9), '{"kind":"points","points":9},' + ONE),
}
UNITS_OF_THREE: dict[str, int] = {
    "amount_off": 3,
    "percent_off": 3,
    "fixed_price": 3,
    "bundle_price": 3,
    "buy_get": 2,
    "free_item": 1,
    "points": 3,
}


@pytest.mark.parametrize("kind", BENEFITS)
def test_it_is_stored_and_read_as_ever(kind: str) -> None:
    benefit, text = STORED[kind]
    asked = Condition((Need(0),)) if kind == "free_item" else Condition()
    assert (benefit.kind, type(benefit)) == (kind, BENEFITS[kind])
    assert Terms(asked, benefit).to_json() == '{"benefit":' + text + "}"
    assert parse_terms('{"benefit":' + text + "}") == Terms(asked, benefit)


@pytest.mark.parametrize("kind", BENEFITS)
def test_its_example_in_the_form_is_one(kind: str) -> None:
    its = BENEFITS[kind]
    assert its.value_means
    assert its.from_row(SheetRow(Decimal(its.value_example))).kind == kind


@pytest.mark.parametrize("kind", BENEFITS)
def test_it_says_how_many_units_a_use_discounts(kind: str) -> None:
    assert STORED[kind][0].units_per_use(3) == UNITS_OF_THREE[kind]


def test_one_use_that_covers_all_has_no_number_of_units() -> None:
    assert FixedPrice(0, Covers.ALL).units_per_use(3) is None
    assert PercentOff(100, covers=Covers.ALL).units_per_use(3) is None


def test_every_kind_is_drawn_by_the_property_tests() -> None:
    assert BY_KIND.keys() == BENEFITS.keys()


def test_every_file_s_benefit_is_in_the_list() -> None:
    for module in iter_modules(benefits.__path__, f"{benefits.__name__}."):
        import_module(module.name)
    # With slots a data class is made twice, and the first may not be gone yet.
    assert {each.__name__ for each in Mechanic.__subclasses__()} == {
        each.__name__ for each in BENEFITS.values()
    }


def test_no_two_benefits_share_a_name() -> None:
    names = Counter(name for each in BENEFITS.values() for name in each.also)
    assert [name for name, times in names.items() if times > 1] == []


def test_only_a_sum_off_differs_by_cell() -> None:
    own = [kind for kind, (benefit, _) in STORED.items() if benefit.face_value_cents is not None]
    assert own == ["amount_off"]
    assert Terms(Condition(), AmountOff(50)).at_face_value(75) == Terms(Condition(), AmountOff(75))
    assert Terms(Condition(), Points(9)).at_face_value(75) == Terms(Condition(), Points(9))


@pytest.mark.parametrize(
    ("kind", "value", "remedy"),
    [
        ("amount_off", "0", "write an amount, as 1.00"),
        ("amount_off", "0.005", "write an amount, as 1.00"),
        ("fixed_price", "-1", "write an amount, as 1.00"),
        ("percent_off", "100.01", "write a per cent from 1 to 100, as 20"),
        ("buy_get", "0.5", "write 50 for per cent"),
        ("points", "1.5", "write a whole number"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_remedy(
    kind: str, value: str, remedy: str
) -> None:
    with pytest.raises(DoesNotFit) as caught:
        BENEFITS[kind].from_row(SheetRow(Decimal(value)))
    assert caught.value.remedy == remedy


def test_a_row_s_other_columns_are_read() -> None:
    row = SheetRow(Decimal("12.5"), True, get_quantity=2, benefit_cap=300, covers=Covers.ALL)
    assert BENEFITS["percent_off"].from_row(row) == PercentOff(1250, 300, Covers.ALL)
    assert BENEFITS["buy_get"].from_row(row) == BuyGet(2, basis_points=1250)
