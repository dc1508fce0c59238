"""No number about few households can be worked out from those that are shown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.lift.disclosure import (
    FEWEST,
    ROUNDING,
    Number,
    attack,
    is_protected,
    is_unsafe,
    known_exactly,
    known_rounded,
    released,
    rounded,
)

_TABLES = st.lists(st.lists(st.integers(0, 90), min_size=3, max_size=3), min_size=2, max_size=3)


def _numbers(table: list[list[int]]) -> dict[str, Number]:
    """The cells of a table, its rows, columns and total: small ones are unsafe."""
    at = {(i, j): n for i, row in enumerate(table) for j, n in enumerate(row)}
    groups = {f"{i},{j}": [(i, j)] for i, j in at}
    groups |= {f"row {i}": [key for key in at if key[0] == i] for i in range(len(table))}
    groups |= {f"column {j}": [key for key in at if key[1] == j] for j in range(len(table[0]))}
    groups["total"] = list(at)
    found = {}
    for name, keys in groups.items():
        value = sum(at[key] for key in keys)
        cells = frozenset(f"{i},{j}" for i, j in keys)
        found[name] = Number(cells, value, is_unsafe(value))
    return found


def test_few_households_or_a_dominant_one_are_unsafe() -> None:
    assert is_unsafe(FEWEST - 1)
    assert not is_unsafe(FEWEST)
    assert is_unsafe(100, largest=51, second=1, whole=100)
    assert is_unsafe(100, largest=40, second=36, whole=100)
    assert not is_unsafe(100, largest=50, second=25, whole=100)


def test_counts_are_rounded() -> None:
    assert [rounded(n) for n in (22, 23, 25, 27.5)] == [20, 25, 25, 30]


def test_a_total_less_its_parts_is_found_by_an_attacker() -> None:
    bounds = attack(
        frozenset("c"), [known_exactly("abc", 100), known_exactly("a", 60), known_exactly("b", 33)]
    )

    assert (bounds.low, bounds.high) == (pytest.approx(7), pytest.approx(7))
    assert not is_protected(bounds)


def test_nothing_known_bounds_nothing() -> None:
    assert is_protected(attack(frozenset("a"), []))


def test_knowledge_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="contradicts"):
        attack(frozenset("a"), [known_exactly("a", 1), known_exactly("ab", 0)])


def test_one_hidden_cell_takes_another_with_it() -> None:
    numbers = _numbers([[3, 50, 60], [70, 80, 90]])

    shown = released(numbers)

    hidden = set(numbers) - shown
    assert "0,0" in hidden
    assert len(hidden) >= 3
    assert "total" in shown


def test_a_table_of_large_numbers_is_shown_whole() -> None:
    numbers = _numbers([[30, 50, 60], [70, 80, 90]])

    assert released(numbers) == set(numbers)


def test_what_was_known_before_counts() -> None:
    """Hiding two cells of a row protects, unless one of them was told already."""
    numbers = _numbers([[3, 50, 60], [70, 80, 90]])
    before = [known_exactly(["0,1"], 50), known_exactly(["1,0"], 70)]

    shown = released(numbers, before=before)

    unsafe = numbers["0,0"].cells
    knowledge = [*before, *(known_rounded(numbers[name]) for name in shown)]
    assert is_protected(attack(unsafe, knowledge))
    # All else of its column is known, and of its row all but one number.
    assert "column 0" not in shown
    assert not {"row 0", "0,2"} <= shown


def test_what_is_known_exactly_cannot_be_hidden_any_more() -> None:
    numbers = _numbers([[3, 50, 60], [70, 80, 90]])

    shown = released(numbers, before=[known_exactly(["0,0"], 3)])

    assert shown == set(numbers) - {"0,0"}


def test_what_was_shown_already_stays_shown_whatever_it_gives_away() -> None:
    numbers = _numbers([[3, 50, 60], [70, 80, 90]])
    fixed = {"row 0", "0,1", "0,2"}

    shown = released(numbers, fixed=fixed)

    assert fixed <= shown
    assert "0,0" not in shown
    # Its row gives it away already, so that nothing else is hidden for it.
    assert shown == set(numbers) - {"0,0"}


@settings(max_examples=15, deadline=None)
@given(_TABLES)
def test_no_attack_narrows_an_unsafe_number(table: list[list[int]]) -> None:
    numbers = _numbers(table)

    shown = released(numbers)

    knowledge = [known_rounded(numbers[name]) for name in shown]
    for name, number in numbers.items():
        if number.unsafe:
            assert name not in shown
            assert is_protected(attack(number.cells, knowledge))


def test_many_tables_fit_what_is_shown() -> None:
    """Counted without the programs: whole tables that agree with all that is shown."""
    numbers = _numbers([[3, 30], [32, 22]])
    shown = [numbers[name] for name in released(numbers)]

    grid = np.meshgrid(*[np.arange(0, 56, dtype=np.int16)] * 4, indexing="ij")
    at = dict(zip(("0,0", "0,1", "1,0", "1,1"), grid, strict=True))
    fits = np.ones(grid[0].shape, dtype=bool)
    for number in shown:
        off = sum(at[cell] for cell in number.cells) - rounded(number.value)
        fits &= np.abs(off) <= ROUNDING / 2
    possible = np.unique(at["0,0"][fits])

    assert shown
    assert possible.max() >= FEWEST
    assert possible.max() - possible.min() >= FEWEST
