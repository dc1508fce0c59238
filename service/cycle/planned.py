"""What a plan came to, as digests: so that just that is issued, or what changed is said."""

import hashlib
from collections.abc import Mapping
from io import BytesIO

import polars as pl

from service.cycle.plan import Plan
from service.errors import Conflict

LISTS = "lists"
"""The digest of what matters: who gets a list, and which offers are on it."""

_INPUTS = {
    "deals": "deals, or what is left of their budgets and copies",
    "overrides": "pins and bans",
    "purchases": "purchases before its date",
    "forecast": "the forecast, or how deals are answered",
}
_CHOSEN = ("household_id", "offer_id", "face_value_cents", "reserved_cents", "uses")


def digests_of(plan: Plan) -> dict[str, str]:
    """The digest of what a plan gives to whom, and those of what it was made from."""
    bought = plan.purchases
    return {
        LISTS: _digest(
            plan.eligible.select("household_id", "arm").sort("household_id"),
            plan.chosen.select(_CHOSEN).sort("household_id", "offer_id"),
        ),
        "deals": _digest(plan.inputs.running.offers, plan.room),
        "overrides": _digest(plan.inputs.running.overrides),
        "purchases": _digest(
            bought.select(
                pl.len().alias("lines"),
                pl.col("amount_cents").sum(),
                pl.col("purchased_at").max(),
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
    since = "; ".join(changed) or "households, their targets or the settings"
    raise Conflict(
        f"The lists would not be those that were planned; nothing was issued. Changed since: "
        f"{since}. Plan again, and issue that."
    )


def _digest(*frames: pl.DataFrame) -> str:
    digest = hashlib.sha256()
    for frame in frames:
        out = BytesIO()
        frame.rechunk().write_ipc(out)
        digest.update(out.getbuffer())
    return digest.hexdigest()


def _text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
