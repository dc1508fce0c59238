"""How fast lists are printed: CPU per page beside a hand-assembled page of the same content.

    uv run python -m bench.render                  # the compact page, Latin, pictures, Chinese
    uv run python -m bench.render --pieces 100000 --only memory
    uv run --with fpdf2 --with weasyprint python -m bench.render --only others

Every figure of one run is taken in the same process, the contestants in turns; the best rounds
are compared, and the middle ratio is shown beside. CPU time only means something on a quiet
machine.
"""

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

from bench.render_hand import by_hand
from bench.render_lists import photographs, pieces
from bench.render_others import by_canvas, by_fpdf, by_weasyprint
from bench.render_texts import Out, Sink
from service.engine.records import Mailpiece
from service.engine.render import render_batch
from service.files import layouts


def by_larder(given: Sequence[Mailpiece], out: Out, layout: str = "compact-letter") -> None:
    """The product."""
    render_batch(
        given, layouts.load(layout), out, title="Lists", language="en", pictures=photographs()
    )


def milliseconds(make: Callable[[], None], pages: int) -> float:
    """CPU per page of one round."""
    start = time.process_time()
    make()
    return (time.process_time() - start) * 1000 / pages


def compare(count: int, rounds: int) -> None:
    """The product beside the hand-assembled page, in turns."""
    for name, chinese, pictured, bound in (
        ("Latin", False, False, 1.4),
        ("pictures", False, True, 1.5),
        ("Chinese", True, False, 2.5),
    ):
        given = list(pieces(count, chinese=chinese, pictured=pictured))
        ours: list[float] = []
        hand: list[float] = []
        by_larder(given[:50], Sink())
        for _ in range(rounds):
            ours.append(milliseconds(lambda: by_larder(given, Sink()), count))  # noqa: B023
            hand.append(
                milliseconds(lambda: by_hand(given, Sink(), wide=chinese), count)  # noqa: B023
            )
        middle = statistics.median(a / b for a, b in zip(ours, hand, strict=True))
        say(
            f"{name:8} {count} pages, {rounds} rounds: larder {min(ours):.3f} ms, by hand "
            f"{min(hand):.3f} ms, ratio {min(ours) / min(hand):.2f} of the best rounds, "
            f"{middle:.2f} in the middle (at most {bound})"
        )


def others(count: int) -> None:
    """What other ways of making the same page cost."""
    given = list(pieces(count, chinese=False))
    ways: list[tuple[str, Callable[..., None], int]] = [
        ("by hand", by_hand, count),
        ("larder", by_larder, count),
        ("canvas drawString", by_canvas, count),
        ("fpdf2", by_fpdf, max(1, count // 5)),
        ("WeasyPrint", by_weasyprint, max(1, count // 100)),
    ]
    for name, make, size in ways:
        try:
            spent = milliseconds(lambda: make(given[:size], Sink()), size)  # noqa: B023
        except ModuleNotFoundError as error:
            say(f"{name:18} not measured: {error}")
            continue
        say(f"{name:18} {spent:8.3f} ms a page ({size} pages)")


def memory(count: int) -> None:
    """Peak memory of one file; run alone, since the peak is the process's."""
    sink: Out = Sink()
    start = time.process_time()
    render_batch(
        pieces(count, chinese=False),
        layouts.load("compact-letter"),
        sink,
        title="Lists",
        language="en",
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spent = (time.process_time() - start) * 1000 / count
    say(
        f"{count} pieces in one file: peak {peak:.0f} MB, {sink.size / 2**20:.0f} MB of PDF,"
        f" {spent:.3f} ms a piece with making the lists"
    )


def _part(number: int, count: int) -> tuple[float, float]:
    """Wall and CPU seconds that one part took."""
    given = list(pieces(count, chinese=False, seed=number))
    by_larder(given[:50], Sink())
    wall, spent = time.perf_counter(), time.process_time()
    by_larder(given, Sink())
    return time.perf_counter() - wall, time.process_time() - spent


def scaling(count: int, processes: int) -> None:
    """Pieces a second over processes against one process, by wall clock and by CPU time.

    By wall clock it only means something when nothing else runs; by CPU time it shows what the
    parts cost each other in caches and memory.
    """
    context = multiprocessing.get_context("spawn")
    rates: dict[int, list[float]] = {}
    for workers in (1, processes):
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            spent = list(pool.map(_part, range(workers), [count] * workers))
        rates[workers] = [
            sum(count / seconds for seconds in kind) for kind in zip(*spent, strict=True)
        ]
        say(f"{workers} processes: {rates[workers][0]:.0f} pieces a second")
    wall, cpu = (
        many / one / processes for one, many in zip(rates[1], rates[processes], strict=True)
    )
    say(f"scaling over {processes}: {wall:.0%} by wall clock, {cpu:.0%} by CPU time")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pieces", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", choices=["compare", "others", "memory", "scaling"])
    given = parser.parse_args()
    if given.only in (None, "compare"):
        compare(given.pieces, given.rounds)
    if given.only in (None, "others"):
        others(given.pieces)
    if given.only in (None, "scaling"):
        scaling(given.pieces, given.processes)
    if given.only in (None, "memory"):
        memory(given.pieces)
