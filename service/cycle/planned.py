"""What a plan came to, as digests: so that just that is issued, or what changed is said."""

import hashlib
from collections.abc import Mapping
from functools import reduce
from io import BytesIO

import polars as pl

from service.cycle.plan import Plan
from service.errors import Conflict
from service.notice import Notice

LISTS = "lists"
"""The digest of what matters: who gets a list, and which offers are on it."""

_INPUTS = {
    "deals": Notice("deals, or what is left of their budgets and copies"),
    "overrides": Notice("pins and bans"),
    "purchases": Notice("purchases before its date"),
    "forecast": Notice("the forecast, or how deals are answered"),
}
_OTHERWISE = Notice("households, their targets or the settings")
_CHOSEN = ("household_id", "offer_id", "face_value_cents", "reserved_cents", "uses")


def digests_of(plan: Plan) -> dict[str, str]:
    """The digest of what a plan gives to whom, and those of what it was made from."""
    bought = plan.history.lines
    return {
        LISTS: _digest(
            plan.eligible.select("household_id", "arm").sort("household_id"),
            plan.chosen.select(_CHOSEN).sort("household_id", "offer_id"),
        ),
        "deals": _digest(plan.inputs.running.offers, plan.room),
        "overrides": _digest(plan.inputs.running.overrides),
        "purchases": _digest(
            bought.select(
                pl.col("lines").sum().cast(pl.UInt32),
                pl.col("amount_cents").sum(),
                pl.col("last_at").max().alias("purchased_at"),
            )
        ),
        "forecast": _text(plan.task.model_json + plan.task.by.response.to_json()),
    }


def require_same(planned: Mapping[str, str], plan: Plan) -> None:
    """See that a plan gives what was planned. Raises Conflict, which says what changed.

    Inputs may have changed where that changes no list.
    """
    now = digests_of(plan)
    if now[LISTS] == planned[LISTS]:
        return
    changed = [words for name, words in _INPUTS.items() if now[name] != planned.get(name)]
    since = reduce(_both, changed) if changed else _OTHERWISE
    raise Conflict(
        "The lists would not be those that were planned; nothing was issued. Changed "
        "since: %(since)s. Plan again, and issue that.",
        since=since,
    )


def _both(one: Notice, other: Notice) -> Notice:
    return Notice("%(one)s; %(other)s", one=one, other=other)


def _digest(*frames: pl.DataFrame) -> str:
    digest = hashlib.sha256()
    for frame in frames:
        out = BytesIO()
        frame.rechunk().write_ipc(out)
        digest.update(out.getbuffer())
    return digest.hexdigest()


def _text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
