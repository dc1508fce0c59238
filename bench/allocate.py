"""Gap, CPU and memory of the allocation beside plain greedy and the LP.

    python -m bench.allocate --households 2500 --offers 500 --seeds 3 --greedy --lp --check
    python -m bench.allocate --households 25000 --family
    python -m bench.allocate --small 24
    python -m bench.allocate --households 250000 --seeds 3 --greedy --lp --lp-seconds 600

Each seed is an instance of its own; with `--family` there is one of each seed and shape that is
built at this size (`bench.allocate_shape`); the last line is the worst of them. `--small` compares
markets of 8 to 300 households with their exact optima by HiGHS. Allocation and LP run in
fresh processes, so that memory and CPU are their own (with what importing and loading compiled
loops costs; run once before measuring so that they are compiled). `--check` counts broken rules
again from the files, by other code than the engine's.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import highspy
import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray

from bench.allocate_instance import Instance, build
from bench.allocate_run import peak_mb
from bench.allocate_shape import FAMILY, PLAIN, Shape, shapes_for
from service.engine.allocate import ShortfallPrices, allocate
from service.engine.allocate.instance import Instance as Layout
from service.engine.allocate.instance import build as lay_out
from service.files.allocation import FRAMES
from tests.engine.allocate.reference import broken, optimum

Counts = NDArray[np.int64]
SMALL_HOUSEHOLDS = (8, 20, 50, 100, 200, 300)
WORST = ("gap_percent", "process_cpu_seconds", "peak_mb", "violations", "missing_copies")


def main() -> None:
    """Parse the command line, run, print one line per run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=2500)
    parser.add_argument("--offers", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=1, help="instances, one to a seed")
    parser.add_argument("--first", type=int, default=1, help="seed of the first instance")
    parser.add_argument("--family", action="store_true", help="every shape built at this size")
    parser.add_argument("--shape", default=PLAIN.name, choices=[shape.name for shape in FAMILY])
    parser.add_argument("--small", type=int, default=0, help="so many small markets by HiGHS too")
    parser.add_argument("--small-seconds", type=float, default=60.0, help="when HiGHS gives up")
    parser.add_argument("--greedy", action="store_true", help="plain greedy beside it")
    parser.add_argument("--lp", action="store_true", help="the LP by HiGHS beside it")
    parser.add_argument("--lp-solver", default="ipm", choices=("ipm", "simplex"))
    parser.add_argument("--lp-seconds", type=float, default=200.0, help="when the LP gives up")
    parser.add_argument("--check", action="store_true", help="count broken rules from the files")
    parser.add_argument("--relax", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.relax:
        found = relaxation(given.relax, seconds=given.lp_seconds, method=given.lp_solver)
        sys.stdout.write(json.dumps(found))
        return
    if given.small:
        small(given.small, first=given.first, seconds=given.small_seconds)
        return
    shapes = [shape for shape in FAMILY if shape.name == given.shape]
    if given.family:
        shapes = list(shapes_for(given.households))
    seeds = range(given.first, given.first + given.seeds)
    proofs = [_instance(given, seed, shape) for shape in shapes for seed in seeds]
    worst = {name: max(proof[name] for proof in proofs) for name in WORST}
    sys.stdout.write(f"worst of {len(proofs)}  {json.dumps(worst)}\n")


def small(count: int, *, first: int, seconds: float) -> None:
    """Markets of a few households of every shape beside the optima, or the bounds, of HiGHS."""
    worst = 0.0
    for turn in range(count):
        shape, seed = FAMILY[turn % len(FAMILY)], first + turn
        households = SMALL_HOUSEHOLDS[turn // 2 % len(SMALL_HOUSEHOLDS)]
        instance = build(households=households, offers=60, seed=seed, shape=shape)
        frames = instance.candidates, instance.offers, instance.households
        terms = ShortfallPrices(**instance.terms)
        began = time.process_time()
        proof = allocate(*frames, terms=terms, seed=seed).certificate
        took = time.process_time() - began
        best = optimum(*frames, terms, seconds=seconds)
        loss = 100 * (best - proof.primal_cents) / abs(best)
        worst = max(worst, loss)
        facts = {"shape": shape.name, "households": households, "loss_percent": round(loss, 4)}
        gap = round(100 * proof.gap, 4)
        _say("small", seed, facts | {"gap_percent": gap, "cpu_seconds": round(took, 1)})
    sys.stdout.write(f"worst of {count}  {json.dumps({'loss_percent': round(worst, 4)})}\n")


def _instance(given: argparse.Namespace, seed: int, shape: Shape) -> dict[str, float]:
    """Build one instance, run what was asked for, print a line each; the allocation's proof."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        instance = build(households=given.households, offers=given.offers, seed=seed, shape=shape)
        instance.write(home)
        proof = _apart("bench.allocate_run", home, seed)
        _say(shape.name, seed, proof)
        bound = proof["dual_bound_cents"]
        if given.check:
            pairs = pl.read_parquet(home / "out" / "allocation.parquet")
            faults = broken(pairs, instance.candidates, instance.offers, instance.households)
            _say("check", seed, {"pairs": len(pairs), "broken": faults})
        if given.greedy:
            _say("greedy", seed, greedy(instance, bound))
        if given.lp:
            del instance
            limit = ("--lp-seconds", given.lp_seconds, "--lp-solver", given.lp_solver)
            lp = _apart("bench.allocate", "--relax", home, *limit)
            _say("lp", seed, lp | {"bound_percent_of_lp": 100 * bound / lp["objective_cents"]})
    return proof


def _say(name: str, seed: int, facts: Mapping[str, object]) -> None:
    sys.stdout.write(f"{name:7} seed {seed}  {json.dumps(facts)}\n")
    sys.stdout.flush()


def _apart(module: str, *arguments: object) -> dict[str, float]:
    """What a fresh process of a module answers."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


@njit
def _take(  # type: ignore[no-untyped-def]
    order, home, offer, cost, face, category, conflict, lines, faces, ceiling, copies, spend,
    cap, budget, chosen,
):  # fmt: skip
    """Go down the pairs by value and take every one that fits."""
    for p in order:
        h, o = home[p], offer[p]
        if lines[h] >= 12 or faces[h] + face[p] > ceiling[h]:
            continue
        if copies[o] >= cap[o] or spend[o] + cost[p] > budget[o]:
            continue
        same, clash = 0, False
        for k in range(lines[h]):
            q = chosen[h, k]
            same += category[q] == category[p]
            clash = clash or conflict[q] == conflict[p]
        if clash or same >= 2:
            continue
        chosen[h, lines[h]] = p
        lines[h] += 1
        faces[h] += face[p]
        copies[o] += 1
        spend[o] += cost[p]


def greedy(instance: Instance, bound: float) -> dict[str, object]:
    """What the obvious rule reaches: the best pair first, as long as it fits."""
    c, o, h = instance.candidates, instance.offers, instance.households
    value = c["value_cents"].to_numpy()
    endless = np.iinfo(np.int64).max
    lines, faces = np.zeros(len(h), np.int64), np.zeros(len(h), np.int64)
    copies, spend = np.zeros(len(o), np.int64), np.zeros(len(o), np.int64)
    chosen = np.zeros((len(h), 12), np.int64)
    _take(
        np.argsort(-value, kind="stable"), c["household_id"].to_numpy() - 1,
        c["offer_id"].to_numpy() - 1, c["cost_cents"].to_numpy(),
        c["face_value_cents"].to_numpy(), c["category_id"].to_numpy(),
        c["conflict_id"].to_numpy(), lines, faces, h["face_value_ceiling_cents"].to_numpy(),
        copies, spend, o["circulation_max"].fill_null(endless).to_numpy(),
        o["budget_cents"].to_numpy(), chosen,
    )  # fmt: skip
    held = np.concatenate([chosen[:, k][lines > k] for k in range(12)])
    floor = h["face_value_floor_cents"].to_numpy()
    least = o["circulation_min"].fill_null(0).to_numpy()
    short, missing = np.maximum(0, floor - faces).sum(), np.maximum(0, least - copies)
    objective = float(
        value[held].sum()
        - instance.terms["floor_shortfall_price"] * short
        - instance.terms["minimum_shortfall_price_cents"] * missing.sum()
    )
    return {
        "gap_percent": round(100 * (bound - objective) / bound, 2),
        "value_gap_percent": round(100 * (bound - float(value[held].sum())) / bound, 2),
        "below_floor_percent": round(100 * float((faces < floor).mean()), 1),
        "guarantees_broken_percent": round(100 * float((missing > 0).sum() / (least > 0).sum()), 1),
    }


def relaxation(folder: Path, *, seconds: float, method: str) -> dict[str, object]:
    """The LP of the whole instance by HiGHS within a time; interior point without crossover."""
    frames = [pl.read_parquet(folder / f"{name}.parquet") for name in FRAMES]
    terms = json.loads((folder / "instance.json").read_text())
    model = _programme(lay_out(*frames), terms)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("solver", method)
    solver.setOptionValue("run_crossover", "off")
    solver.setOptionValue("time_limit", seconds)
    began = time.process_time()
    solver.passModel(model)
    solver.run()
    return {
        "method": method,
        "objective_cents": round(-solver.getInfo().objective_function_value, 1),
        "cpu_seconds": round(time.process_time() - began, 1),
        "peak_mb": peak_mb(),
        "status": solver.modelStatusToString(solver.getModelStatus()),
    }


def _programme(layout: Layout, terms: Mapping[str, float]) -> highspy.HighsLp:
    """Columns: pairs, then floor shortfalls, then missing copies. Rows: see the stack below."""
    pairs, homes, deals = layout.size, len(layout.households), len(layout.deals.ids)
    home = np.repeat(np.arange(homes), np.diff(layout.indptr))
    category = np.cumsum(layout.border & 1) - 1
    group = np.cumsum((layout.border & 2) != 0) - 1
    pair = np.arange(pairs)
    last_category, last_group = category[-1] + 1, group[-1] + 1
    heads = np.flatnonzero(layout.border & 1)
    limit, endless = layout.deals, highspy.kHighsInf
    blocks = [
        (home, pair, np.ones(pairs), np.full(homes, -endless), layout.slots),
        (category, pair, np.ones(pairs), np.full(last_category, -endless),
         layout.per_category[home[heads]]),
        (group, pair, np.ones(pairs), np.full(last_group, -endless), np.ones(last_group)),
        (home, pair, layout.face, np.full(homes, -endless), layout.ceiling),
        (np.concatenate([home, np.arange(homes)]), np.arange(pairs + homes),
         np.concatenate([layout.face, np.ones(homes)]), layout.floor, np.full(homes, endless)),
        (layout.offer, pair, layout.cost, np.full(deals, -endless), limit.budget),
        (layout.offer, pair, np.ones(pairs), np.full(deals, -endless), limit.maximum),
        (np.concatenate([layout.offer, np.arange(deals)]),
         np.concatenate([pair, pairs + homes + np.arange(deals)]), np.ones(pairs + deals),
         limit.minimum, np.full(deals, endless)),
    ]  # fmt: skip
    rows, columns, entries, low, high, first = [], [], [], [], [], 0
    for row, column, entry, least, most in blocks:
        rows.append(row + first)
        columns.append(column)
        entries.append(np.asarray(entry, np.float64))
        low.append(np.asarray(least, np.float64))
        high.append(np.asarray(most, np.float64))
        first += len(least)
    order = np.argsort(np.concatenate(columns), kind="stable")
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = pairs + homes + deals, first
    model.col_cost_ = np.concatenate(
        [-layout.value.astype(np.float64), np.full(homes, terms["floor_shortfall_price"]),
         np.full(deals, float(terms["minimum_shortfall_price_cents"]))]
    )  # fmt: skip
    model.col_lower_ = np.zeros(model.num_col_)
    model.col_upper_ = np.concatenate([np.ones(pairs), np.full(homes + deals, endless)])
    model.row_lower_, model.row_upper_ = np.concatenate(low), np.concatenate(high)
    counts = np.bincount(np.concatenate(columns), minlength=model.num_col_)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    model.a_matrix_.index_ = np.concatenate(rows)[order].astype(np.int32)
    model.a_matrix_.value_ = np.concatenate(entries)[order]
    return model


if __name__ == "__main__":
    main()
