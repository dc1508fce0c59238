"""CPU of settling a basket: the worst of a family of hard ones, and ordinary ones.

    python -m bench.rules [--hard 300] [--ordinary 300] [--against FOLDER]

Hard baskets have 20 to 1,000 lines and 24 offers of all kinds or of one, with up to 100 uses, up to
10 pieces and overlapping sets; prices are drawn apart or within a few cents. Ordinary ones have 20
lines and 12 offers. Each is settled once and then measured; CPU time, not the clock. `reference` is
a sum of squares in plain Python, measured in the same run. With `--against`, ordinary baskets are
settled by the code in another folder too, in turns, the least of all turns for each basket.
"""

import argparse
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from service.engine.redeem import (
    AmountOff,
    BasketLine,
    Benefit,
    BundlePrice,
    BuyGet,
    Condition,
    Covers,
    FixedPrice,
    FreeItem,
    Need,
    OpenLine,
    PercentOff,
    Points,
    Terms,
    settle_basket,
)

TODAY = date(2026, 11, 20)
CODE = "2559521234000013000000000042"
MAX_MS = 100
ROUNDS = 5

Random = random.Random
Drawn = tuple[tuple[Need, ...], Benefit, int]
"""Needs, a benefit and a minimum spend."""


@dataclass(frozen=True)
class Basket:
    """What is settled, and what it is called."""

    name: str
    lines: list[BasketLine]
    open_lines: list[OpenLine]


def _pieces(count: int) -> Need:
    return Need(1000 * count)


def _percent(rng: Random) -> int:
    return rng.choice([500, 1000, 1700, 2500, 3300])


def _some(rng: Random, most: int) -> int:
    return rng.randint(1, most)


KINDS: dict[str, Callable[[Random, int, int], Drawn]] = {
    "amount": lambda r, p, _: ((_pieces(p),), AmountOff(r.randint(20, 200) * p), 0),
    "amount, two sets": lambda r, p, most: (
        (_pieces(p), _pieces(_some(r, most))), AmountOff(r.randint(50, 200) * p), 0),
    "amount, spend": lambda r, _p, _: (
        (Need(0),), AmountOff(r.randint(100, 800)), r.randint(500, 5000)),
    "amount, weight": lambda r, _p, _: (
        (Need(r.randint(100, 2000), "kg"),), AmountOff(r.randint(50, 200)), 0),
    "percent": lambda r, p, _: (
        (_pieces(p),), PercentOff(_percent(r), r.choice([None, None, 300 * p])), 0),
    "percent, all": lambda r, p, _: (
        (_pieces(p),), PercentOff(_percent(r), r.choice([None, 500]), Covers.ALL), 0),
    "percent, two sets": lambda r, p, most: (
        (_pieces(p), _pieces(_some(r, most))), PercentOff(_percent(r)), 0),
    "percent, spend": lambda r, _p, _: (
        (Need(0),), PercentOff(_percent(r), r.choice([None, 500])), r.randint(500, 5000)),
    "fixed": lambda r, p, _: ((_pieces(p),), FixedPrice(r.randint(50, 400)), 0),
    "fixed, all": lambda r, p, _: ((_pieces(p),), FixedPrice(r.randint(50, 400), Covers.ALL), 0),
    "fixed, weight": lambda r, _p, _: (
        (Need(r.randint(100, 2000), "kg"),), FixedPrice(r.randint(50, 400)), 0),
    "bundle": lambda r, p, _: ((_pieces(p),), BundlePrice(r.randint(100, 400) * p), 0),
    "bundle, two sets": lambda r, p, most: (
        (_pieces(p), _pieces(_some(r, most))), BundlePrice(r.randint(300, 700) * p), 0),
    "bundle, three sets": lambda r, p, _: (
        (_pieces(p),) * 3, BundlePrice(r.randint(300, 900) * p), 0),
    "buy and get": lambda r, p, most: (
        (_pieces(p),), BuyGet(_some(r, most), 0, r.choice([10000, 5000, 3300])), 0),
    "buy and get, two sets": lambda r, p, most: (
        (_pieces(p), Need(0)), BuyGet(_some(r, most), 1, r.choice([10000, 5000])), 0),
    "free item": lambda r, p, _: ((_pieces(p), Need(0)), FreeItem(1, r.choice([None, 300])), 0),
    "points": lambda _r, p, _: ((_pieces(p),), Points(50), 0),
}  # fmt: skip
"""Needs, benefit and spend by kind, for `p` pieces of at most so many."""


def a_basket(
    rng: Random, count: int, *, pieces: int, spread: int, weighed: float
) -> list[BasketLine]:
    """So many lines, of up to so many pieces, at prices from a base to `spread` cents more."""
    base, lines = rng.randint(50, 400), []
    for number in range(1, count + 1):
        price = base + rng.randint(0, spread)
        if rng.random() < weighed:
            quantity, unit, amount = rng.randint(100, 3000), rng.choice(["kg", "lb"]), price
        else:
            many = rng.choice([1, pieces, _some(rng, pieces)])
            quantity, unit, amount = 1000 * many, "each", price * many + rng.randint(0, many - 1)
        lines.append(BasketLine(number, 1000 + number, quantity, unit, amount))
    return lines


def an_offer(
    rng: Random,
    number: int,
    lines: Sequence[BasketLine],
    *,
    kind: str,
    width: int,
    uses: int,
    pieces: int,
) -> OpenLine:
    """An open line of a kind over up to `width` of the lines for each of its sets."""
    needs, benefit, spend = KINDS[kind](rng, _some(rng, pieces), pieces)
    numbers = [line.line for line in lines]
    sets = [
        frozenset(rng.sample(numbers, min(len(numbers), max(1, int(rng.uniform(0.3, 1) * width)))))
        for _ in needs
    ]
    return OpenLine(
        CODE, number, number, Terms(Condition(needs, spend), benefit), f"offer {number}",
        tuple(sets), uses, TODAY, TODAY, uses,
    )  # fmt: skip


def ordinary(seed: int) -> Basket:
    """20 lines and 12 offers of a few products each."""
    rng = Random(seed)
    lines = a_basket(rng, 20, pieces=3, spread=900, weighed=0.1)
    offers = [
        an_offer(rng, n, lines, kind=rng.choice(list(KINDS)), width=4, uses=_some(rng, 2), pieces=2)
        for n in range(1, 13)
    ]
    return Basket(f"ordinary {seed}", lines, offers)


def hard(seed: int, *, size: int | None = None) -> Basket:
    """24 offers that want much the same of up to 1,000 lines."""
    rng = Random(seed)
    count = size or rng.choice([20, 80, 200, 500, 1000])
    kinds = list(KINDS)
    if rng.random() < 0.5:
        kinds = rng.sample(kinds, rng.choice([1, 1, 3]))
    weighed = 1.0 if all("weight" in kind for kind in kinds) else rng.choice([0, 0, 0.2])
    lines = a_basket(
        rng, count, pieces=rng.choice([1, 3, 10]), spread=rng.choice([3, 30, 900]), weighed=weighed
    )
    width, pieces = rng.choice([count // 10 + 1, count // 2, 3 * count]), rng.choice([1, 3, 10])
    most = rng.choice([1, 5, 100])
    offers = [
        an_offer(
            rng, n, lines, kind=rng.choice(kinds), width=width, pieces=pieces,
            uses=rng.choice([most, _some(rng, most)]),
        )
        for n in range(1, 25)
    ]  # fmt: skip
    what = "all kinds" if len(kinds) > 3 else ", ".join(kinds)
    return Basket(f"{seed}: {count} lines, {most} uses, {pieces} pieces, {what}", lines, offers)


def named() -> list[Basket]:
    """Baskets that once took for ever."""
    rng = Random(0)
    everything = {"width": 3000, "uses": 100, "pieces": 10}
    five_hundred = a_basket(rng, 500, pieces=1, spread=400, weighed=0)
    ten_thousand = [
        each._replace(quantity_milli=10_000)
        for each in a_basket(rng, 1000, pieces=10, spread=30, weighed=0)
    ]
    any_three = Terms(Condition((_pieces(3),)), PercentOff(1700))
    eighty = a_basket(rng, 80, pieces=1, spread=400, weighed=0)
    found = [
        Basket(
            "two of 17 % off any 3, 5 uses, 80 lines",
            eighty,
            [
                OpenLine(CODE, n, n, any_three, "", (frozenset(range(1, 81)),), 5, TODAY, TODAY, 5)
                for n in (1, 2)
            ],
        )
    ]
    for kind in KINDS:
        if "weight" in kind:
            wide, full = (
                a_basket(rng, count, pieces=1, spread=400, weighed=1) for count in (500, 1000)
            )
        else:
            wide, full = five_hundred, ten_thousand
        twelve = [an_offer(rng, n, wide, kind=kind, **everything) for n in range(1, 13)]
        found.append(Basket(f"12 offers, 100 uses, 500 lines, {kind}", wide, twelve))
        all_of_it = [an_offer(rng, n, full, kind=kind, **everything) for n in range(1, 25)]
        found.append(Basket(f"24 offers, 100 uses, 1,000 long lines, {kind}", full, all_of_it))
    return found


def _cpu_ms(basket: Basket) -> tuple[float, int, int]:
    """CPU ms, steps and cents that are not proven of settling a basket."""
    began = time.process_time()
    result = settle_basket(basket.lines, basket.open_lines, on=TODAY)
    spent = 1000 * (time.process_time() - began)
    return spent, getattr(result, "steps", 0), getattr(result, "short_by_at_most_cents", 0)


def _reference_ms() -> float:
    began = time.process_time()
    sum([number * number for number in range(20_000)])
    return 1000 * (time.process_time() - began)


def _ordinary_turn(count: int) -> tuple[list[float], float]:
    """The least of two goes for each ordinary basket, and of the reference."""
    baskets = [ordinary(seed) for seed in range(count)]
    gc.freeze()
    times = [min(_cpu_ms(basket)[0], _cpu_ms(basket)[0]) for basket in baskets]
    return times, min([_reference_ms() for _ in range(20)])


def _in_turns(folders: Sequence[Path], count: int) -> None:
    """Print ordinary baskets by the code in each folder, settled in turns."""
    least = {folder: [float("inf")] * count for folder in folders}
    reference = float("inf")
    for _ in range(ROUNDS):
        for folder in folders:
            said = subprocess.run(
                [sys.executable, __file__, "--ordinary", str(count), "--turn"],
                env=os.environ | {"PYTHONPATH": str(folder)}, cwd=folder,
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            times, its_reference = json.loads(said.stdout)
            least[folder] = [min(pair) for pair in zip(least[folder], times, strict=True)]
            reference = min(reference, its_reference)
    print(f"reference {reference:.3f} ms")
    sums = []
    for folder, times in least.items():
        median, mean = statistics.median(times), statistics.mean(times)
        sums.append((median, mean))
        print(
            f"ordinary, {folder}: median {median:.3f} ms ({median / reference:.2f} of the "
            f"reference), mean {mean:.3f} ms, worst {max(times):.1f} ms"
        )
    if len(sums) > 1:
        ratios = [new / old for new, old in zip(sums[0], sums[1], strict=True)]
        print(f"ratio: median {ratios[0]:.3f}, mean {ratios[1]:.3f}")


def _family(count: int) -> None:
    baskets = named() + [hard(seed) for seed in range(count)]
    _cpu_ms(ordinary(0))
    # What the collector spends on the other baskets is not theirs.
    gc.freeze()
    found = []
    for basket in baskets:
        spent, steps, short = _cpu_ms(basket)
        found.append((spent, steps, short, basket.name))
    found.sort(reverse=True)
    for spent, steps, short, name in found[:10]:
        print(f"{spent:6.1f} ms {steps:7d} steps, short by at most {short}: {name}")
    median = statistics.median([each[0] for each in found])
    proven = sum([not each[2] for each in found])
    worst = found[0][0]
    print(f"{len(found)} baskets: worst {worst:.1f} ms, median {median:.1f} ms, {proven} proven")
    print(f"most steps {max([each[1] for each in found])}")
    print("ok" if worst <= MAX_MS else f"the worst is above {MAX_MS} ms")


def main() -> None:
    """Print the family's worst and median, and ordinary baskets beside the reference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hard", type=int, default=300)
    parser.add_argument("--ordinary", type=int, default=300)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--turn", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.turn:
        print(json.dumps(_ordinary_turn(given.ordinary)))
        return
    _family(given.hard)
    own = Path(__file__).resolve().parents[1]
    _in_turns([own, *([given.against] if given.against else [])], given.ordinary)


if __name__ == "__main__":
    main()
