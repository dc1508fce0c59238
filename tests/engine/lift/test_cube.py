"""A year of releases to one supplier: nobody works out a number of few households from them."""

import numpy as np
from numpy.typing import NDArray

from service.engine.lift.attacker import Attacker, Known
from service.engine.lift.cube import Cube, Run, cube_of, name_of, told_by_claims, totals_of
from service.engine.lift.disclosure import (
    Number,
    is_protected,
    known_rounded,
    released,
)
from service.engine.lift.figures import Amounts, ArmFigures, Comparison, Counts, Figures, Uses
from service.engine.lift.outcomes import WINDOWS

REGIONS = ("East", "North", "South")
CELLS = ("national_light", "national_heavy", "switcher_medium")
CYCLES, DEALS = 12, 2
Table = NDArray[np.int64]


def windows_of(rng: np.random.Generator) -> dict[int, Figures]:
    """The windows of a run, with many small counts; by region and by cell of the same people."""
    scale = rng.choice([8, 30, 120], size=(len(REGIONS), len(CELLS)))
    picked = rng.poisson(scale)
    given = rng.binomial(picked, 0.98)
    return {first: figures(rng, picked, given) for first, _ in WINDOWS}


def figures(rng: np.random.Generator, picked: Table, given: Table) -> Figures:
    """The counts of one window."""
    bought = rng.binomial(given, 0.4)
    new = rng.binomial(bought, 0.3)
    uses = rng.binomial(given.sum(axis=1), 0.1)

    def counts(axis: int, names: tuple[str, ...]) -> dict[str, Counts]:
        sums = [table.sum(axis=axis).tolist() for table in (given, bought, new)]
        return {name: Counts(*each) for name, *each in zip(names, *sums, strict=True)}

    return Figures(
        comparisons={"control": compared(int(picked.sum()), int(given.sum()))},
        regions=counts(1, REGIONS),
        cells=counts(0, CELLS),
        uses={name: Uses(int(n), int(n)) for name, n in zip(REGIONS, uses, strict=True)},
        uses_in_all=Uses(int(uses.sum()), int(uses.sum())),
    )


def compared(picked: int, given: int) -> Comparison:
    """A comparison of which only the households of the exposed arm matter."""
    arm = ArmFigures(picked, given, 0, Amounts(0.0, 0.0, 0.0, 0))
    return Comparison(arm, arm, 0.1, 0.1, 1.0, {}, {}, False, None, "salt", 10)


def year() -> list[Run]:
    rng = np.random.default_rng(11)
    return [Run(cycle, deal, windows_of(rng)) for cycle in range(CYCLES) for deal in range(DEALS)]


def in_order(runs: list[Run]) -> list[tuple[str, list[Run]]]:
    """What is released: each deal as its cycles end, each quarter, then the year."""
    subjects = []
    for cycle in range(CYCLES):
        subjects += [(f"deal {run.key}", [run]) for run in runs if run.cycle_id == cycle]
        if cycle % 3 == 2:
            quarter = [run for run in runs if cycle - 2 <= run.cycle_id <= cycle]
            subjects.append((f"quarter {cycle // 3}", quarter))
    return [*subjects, ("year", runs)]


def test_an_attack_on_a_year_of_releases_recovers_no_small_number() -> None:
    runs = year()
    cubes = {run.key: cube_of(run) for run in runs}
    links = [link for cube in cubes.values() for link in cube.links]
    every: dict[str, Number] = {k: n for cube in cubes.values() for k, n in cube.numbers.items()}
    # Claims of the first half told every use.
    told: list[Known] = [
        known
        for run in runs
        for first, _ in WINDOWS
        if run.cycle_id < CYCLES / 2
        for known in told_by_claims(run, first)
    ]
    exact = {each.cells for each in told}
    shown_in_all: set[str] = set()

    for subject, mine in in_order(runs):
        offered = {name for run in mine for name in cubes[run.key].numbers}
        if len(mine) > 1:
            totals = totals_of(mine, cubes, subject)
            every |= totals
            offered = set(totals)
        shown = released(every, before=[*told, *links], fixed=shown_in_all, offered=offered)
        told += [known_rounded(every[name]) for name in sorted(shown & offered)]
        shown_in_all |= shown

    assert not [name for name in shown_in_all if every[name].unsafe]
    hidden = [n for n in every.values() if n.unsafe and n.cells not in exact]
    hidden = [n for n in hidden if not all(frozenset([cell]) in exact for cell in n.cells)]
    attacker = Attacker([*told, *links], [number.cells for number in hidden])
    assert len(hidden) > 300
    # A table that agrees with all that was told shows how wide a number's bounds are at least.
    found = [
        n
        for n in range(len(hidden))
        if not is_protected(attacker.seen(n)) and not is_protected(attacker.bounds(n))
    ]
    assert found == []
    # It is worth reading all the same.
    totals_shown = [name_of(run, "copies") in shown_in_all for run in runs]
    assert np.mean(totals_shown) > 0.9
    assert {"year/copies", "year/buyers", "quarter 1/copies"} <= shown_in_all
    assert len(shown_in_all) > 0.3 * len([n for n in every.values() if not n.unsafe])


def test_without_the_audit_the_same_attack_finds_small_numbers() -> None:
    """Leaving out small numbers alone is not enough."""
    run = year()[0]
    cube = cube_of(run)
    naive = [known_rounded(n) for n in cube.numbers.values() if not n.unsafe]
    hidden = [n for n in cube.numbers.values() if n.unsafe]

    attacker = Attacker([*naive, *cube.links], [n.cells for n in hidden])

    assert not all(is_protected(attacker.bounds(n)) for n in range(len(hidden)))


def test_a_deal_that_stays_hidden_is_not_found_from_a_total() -> None:
    """Two deals, one of 9 copies: their sum is not told, nor is it after a third came."""

    def run(offer_id: int, given: int) -> Run:
        counts = {"": Counts(given, 0, 0)}
        return Run(1, offer_id, {0: Figures({}, counts, counts, {}, Uses(0, 0))})

    runs = [run(1, 9), run(2, 400)]
    cubes = {each.key: cube_of(each) for each in runs}
    numbers = {k: n for cube in cubes.values() for k, n in cube.numbers.items()}
    first = released(numbers, before=_links(cubes))
    assert name_of(runs[1], "copies") in first

    totals = totals_of(runs, cubes, "period:2026")
    shown = released(numbers | totals, before=_links(cubes), fixed=first, offered=totals)

    assert totals["period:2026/copies"].value == 409
    assert "period:2026/copies" not in shown


def test_households_that_were_picked_tell_of_copies() -> None:
    """Of 505 picked 500 are in one region: the other has few, and one of both must stay hidden."""
    regions = {"North": Counts(500, 0, 0), "South": Counts(3, 0, 0)}
    cells = {"switcher_light": Counts(503, 0, 0)}
    figures = Figures({"control": compared(505, 503)}, regions, cells, {}, Uses(0, 0))
    cube = cube_of(Run(1, 1, {0: figures}))

    shown = released(cube.numbers, before=cube.links)

    north, picked = "1/1/copies/region/North", "1/1/picked"
    assert not {north, picked} <= shown
    assert shown & {north, picked, "1/1/copies"}


def _links(cubes: dict[str, Cube]) -> list[Known]:
    return [link for cube in cubes.values() for link in cube.links]


def test_what_claims_told_is_known_to_the_piece() -> None:
    run = year()[0]

    known = told_by_claims(run, 0)

    assert [each.low for each in known] == [each.high for each in known]
    assert sum(each.low for each in known) == run.windows[0].uses_in_all.uses
    assert {min(each.cells) for each in known} == {
        f"0/0/0/uses/region/{region}" for region in REGIONS
    }
