"""The numbers of reports of lift that suppliers may see, each as a sum of cells.

The cube is fixed: deal by window of days by region, and beside it by cell of households. Of a run
(a deal in a cycle) the copies are told once, as of its first window; of each window the new and the
returning buyers, who are the buyers together, and the uses at tills by their own region. Sums by
region and by cell are of the same households, so that each tells of the other's, and so do those of
buyers, of copies and of all households that the rule picked, which comparisons are made of.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from service.engine.lift.attacker import Known
from service.engine.lift.disclosure import Number, equal, is_unsafe, known_exactly
from service.engine.lift.figures import Counts, Figures

REGION, CELL = "region", "cell"
BUYERS = ("new", "repeat")
_COUNTS: Mapping[str, Callable[[Counts], int]] = {
    "copies": lambda counts: counts.given,
    "new": lambda counts: counts.new,
    "repeat": lambda counts: counts.bought - counts.new,
}


@dataclass(frozen=True, slots=True)
class Run:
    """A deal in a cycle, with the figures of its windows by first day, without addenda.

    Copies are those of the window that was frozen first, by its first day: later ones may lack
    households that were erased since.
    """

    cycle_id: int
    offer_id: int
    windows: Mapping[int, Figures]
    frozen_first: int = 0

    @property
    def key(self) -> str:
        """What the names of its numbers begin with."""
        return f"{self.cycle_id}/{self.offer_id}"


@dataclass(slots=True)
class Cube:
    """Numbers by name, and what anybody knows of their cells."""

    numbers: dict[str, Number] = field(default_factory=dict)
    links: list[Known] = field(default_factory=list)


def name_of(run: Run, measure: str, first_day: int | None = None, place: str = "") -> str:
    """The name of a number; `place` is `region/North`, `cell/national_heavy`, or the total."""
    window = "" if first_day is None else f"/{first_day}"
    return f"{run.key}{window}/{measure}" + (f"/{place}" if place else "")


def cube_of(run: Run) -> Cube:
    """All numbers of a run."""
    cube = Cube()
    first = run.windows[run.frozen_first]
    _add(cube, run, ("copies",), None, first)
    _add_picked(cube, run, first)
    for first_day, figures in sorted(run.windows.items()):
        _add(cube, run, BUYERS, first_day, figures)
        _add_uses(cube, run, first_day, figures)
    return cube


def told_by_claims(run: Run, first_day: int) -> list[Known]:
    """What claims and their evidence tell of a window: every use at every till, exactly."""
    uses = run.windows[first_day].uses
    return [
        known_exactly([name_of(run, "uses", first_day, f"{REGION}/{region}")], found.uses)
        for region, found in sorted(uses.items())
    ]


def totals_of(runs: list[Run], cubes: Mapping[str, Cube], subject: str) -> dict[str, Number]:
    """The sums of a period over its runs, of the first window where windows matter.

    `cubes` are by the keys of runs.
    """
    found = {}
    for measure in ("copies", "new", "repeat", "buyers", "uses"):
        parts = []
        for run in runs:
            first = None if measure == "copies" else min(run.windows)
            number = cubes[run.key].numbers.get(name_of(run, measure, first))
            if number is not None:
                parts.append(number)
        if parts:
            value = sum(part.value for part in parts)
            cells = frozenset().union(*(part.cells for part in parts))
            # Uses of few households in all deals together would have been safe in none.
            unsafe = (
                all(part.unsafe for part in parts) if measure == "uses" else is_unsafe(int(value))
            )
            found[f"{subject}/{measure}"] = Number(cells, value, unsafe)
    return found


def _add(
    cube: Cube, run: Run, measures: tuple[str, ...], first_day: int | None, figures: Figures
) -> None:
    """Counts of households, by region and cell and in all; several measures also together."""
    sides = {REGION: figures.regions, CELL: figures.cells}
    for measure in measures:
        cells = [
            {name_of(run, measure, first_day, f"{side}/{key}") for key in counts}
            for side, counts in sides.items()
        ]
        if all(cells):
            cube.links.append(equal(*cells))
    groups: list[tuple[str, tuple[str, ...]]] = [(measure, (measure,)) for measure in measures]
    if len(measures) > 1:
        groups.append(("buyers", measures))
    for name, parts in groups:
        for side, counts in sides.items():
            for key, found in counts.items():
                place = f"{side}/{key}"
                cells_of = frozenset(name_of(run, part, first_day, place) for part in parts)
                value = sum(_COUNTS[part](found) for part in parts)
                cube.numbers[name_of(run, name, first_day, place)] = Number(
                    cells_of, value, is_unsafe(value)
                )
        in_all = frozenset(
            name_of(run, part, first_day, f"{REGION}/{key}")
            for part in parts
            for key in figures.regions
        )
        value = sum(_COUNTS[part](each) for part in parts for each in figures.regions.values())
        if in_all:
            cube.numbers[name_of(run, name, first_day)] = Number(in_all, value, is_unsafe(value))


def _add_picked(cube: Cube, run: Run, figures: Figures) -> None:
    """The households that the rule picked: those given a copy and others, who buy or do not."""
    picked = next((each.exposed.households for each in figures.comparisons.values()), 0)
    if not picked:
        return
    cells = {name_of(run, "copies", None, f"{REGION}/{key}") for key in figures.regions}
    cells.add(name_of(run, "not given"))
    cube.numbers[name_of(run, "picked")] = Number(frozenset(cells), picked, is_unsafe(picked))
    for first_day, window in run.windows.items():
        bought = {
            name_of(run, part, first_day, f"{REGION}/{key}")
            for part in BUYERS
            for key in window.regions
        }
        cube.links.append(equal(cells, {*bought, name_of(run, "not bought", first_day)}))


def _add_uses(cube: Cube, run: Run, first_day: int, figures: Figures) -> None:
    for region, found in figures.uses.items():
        cell = name_of(run, "uses", first_day, f"{REGION}/{region}")
        unsafe = is_unsafe(found.households)
        cube.numbers[cell] = Number(frozenset([cell]), found.uses, unsafe)
    if figures.uses:
        cells = frozenset(_cells_of_uses(run, first_day, figures))
        every = figures.uses_in_all
        cube.numbers[name_of(run, "uses", first_day)] = Number(
            cells, every.uses, is_unsafe(every.households)
        )


def _cells_of_uses(run: Run, first_day: int, figures: Figures) -> Iterator[str]:
    for region in figures.uses:
        yield name_of(run, "uses", first_day, f"{REGION}/{region}")
