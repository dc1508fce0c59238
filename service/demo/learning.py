"""What six cycles with simulated shoppers taught, as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from service.demo.shoppers import HOLDOUT_PERCENT, TRUTH, Learnt

_REACH = 1.96
_WIDTH = 150


def show_learning(learnt: Sequence[Learnt], out: Console, *, truth: float = TRUTH) -> None:
    """Print what was learned and measured after each cycle beside the truth, which Larder lacks."""
    out.print(
        f"Simulated shoppers: they buy what they bought in 2017, and for their lists {truth:g} "
        "times what the stated defaults expect. Larder is not told; it learns from the holdout "
        f"({HOLDOUT_PERCENT} % here) and from the chances of copies.",
        soft_wrap=True,
        markup=False,
    )
    table = Table(title="All cycles until then", box=None, title_justify="left")
    for name in ("after cycle", "of", "copies", "by chance", "copies add, times expected", "truth",
                 "purchases added a household and cycle", "truth"):  # fmt: skip
        table.add_column(name)
    for each in learnt:
        reach = _REACH * each.error
        table.add_row(
            str(each.number), each.as_of.isoformat(), f"{each.copies:,}", f"{each.learnable:,}",
            f"{each.factor:.2f}, {each.factor - reach:.2f} to {each.factor + reach:.2f}",
            f"{each.factor_truth:.2f}", _measured(each), f"{each.truth:.2f}",
        )  # fmt: skip
    table.width = out.measure(table, options=out.options.update_width(_WIDTH)).maximum
    out.print(table, crop=False)


def _measured(each: Learnt) -> str:
    if each.measured is None:
        return "too few held out to say"
    found, low, high = each.measured
    return f"{found:.2f}, {low:.2f} to {high:.2f}"
