"""Hours and dollars of a cycle on many machines, computed from measured stages.

    uv run python -m bench.scale_out 10000000 --machines 1 10 50 --price 0.20

The stages of one process run one after the other and take what a household took in `bench.scale`.
Those that are given to workers are drawn shard by shard: each takes the measured time and its
spread, one in `--stragglers` is so many times slower (a busy neighbour, a disk), and the next free
worker has the next shard. A stage ends with its last shard. The price of a machine hour is an
input: every machine is paid from the first second to the last.
"""

import argparse
import heapq
from typing import NamedTuple

import numpy as np

SEED = 20171125
_MS_AN_HOUR = 3_600_000


class Stage(NamedTuple):
    """What a household takes in a stage, and whether workers share it."""

    name: str
    ms: float
    is_shared: bool


TODAY = (
    Stage("history", 3.57, False),
    Stage("predict", 1.70, True),
    Stage("allocate", 0.23, False),
    Stage("compose", 2.62, False),
    Stage("issue", 0.30, False),
)
"""CPU ms a household of 50,000, as docs/scale.md has them."""


def makespan(tasks: np.ndarray, workers: int) -> float:
    """When the last of some tasks ends, where the next free worker has the next one."""
    free = [0.0] * workers
    for each in tasks:
        heapq.heappush(free, heapq.heappop(free) + float(each))
    return max(free)


def hours_of(stage: Stage, households: int, options: argparse.Namespace, machines: int) -> float:
    """How long a stage takes on so many machines."""
    if not stage.is_shared:
        return stage.ms * households / _MS_AN_HOUR
    shards = -(-households // options.shard)
    draw = np.random.default_rng(SEED)
    spread = draw.normal(1.0, options.spread, shards).clip(0.5, None)
    slow = np.where(draw.random(shards) < 1 / options.stragglers, options.slower, 1.0)
    tasks = stage.ms * options.shard / _MS_AN_HOUR * spread * slow
    return makespan(tasks, machines * options.workers)


def main() -> None:
    """Print a row for each number of machines: hours by stage, all of them, and dollars."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("households", type=int)
    parser.add_argument("--machines", type=int, nargs="*", default=[1, 10, 50])
    parser.add_argument("--price", type=float, default=0.20, help="dollars a machine hour")
    parser.add_argument("--workers", type=int, default=4, help="processes on each machine")
    parser.add_argument("--shard", type=int, default=5000, help="households in a shard")
    parser.add_argument("--spread", type=float, default=0.25, help="of a shard, share of its mean")
    parser.add_argument("--stragglers", type=int, default=50, help="one shard in so many is slow")
    parser.add_argument("--slower", type=float, default=4.0, help="by this")
    parser.add_argument("--share", nargs="*", default=[], help="also these stages to the workers")
    options = parser.parse_args()
    stages = [each._replace(is_shared=each.is_shared or each.name in options.share)
              for each in TODAY]  # fmt: skip
    print("machines" + "".join(f"{each.name:>10}" for each in stages) + f"{'hours':>8}{'$':>8}")
    for machines in options.machines:
        hours = [hours_of(each, options.households, options, machines) for each in stages]
        dollars = sum(hours) * machines * options.price
        print(f"{machines:>8}" + "".join(f"{each:>10.2f}" for each in hours)
              + f"{sum(hours):>8.2f}{dollars:>8.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
