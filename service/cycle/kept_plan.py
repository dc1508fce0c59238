"""The copies that a plan would give, kept for a week for whoever proves its lists.

They are files in the folder that all processes of the service share; they name no household but by
its number here.
"""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from service.cycle.general import General
from service.cycle.plan import Plan
from service.engine.offers import Arm
from service.errors import NotFound
from service.settings import Settings

KEPT = timedelta(days=7)
_NAME = re.compile(r"^[0-9a-f]{32}$")
_FOLDER = "plans"
_COPIES = (
    "household_id", "offer_id", "value_cents", "face_value_cents", "why", "uses", "reserved_cents",
    "cell", "expected_redemptions", "expected_gain", "kind", "pin",
)  # fmt: skip
_HOUSEHOLDS = ("household_id", "arm", "worth_decile", "tier")
_GONE = "What this plan would give is not kept any more: plan again."


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """`copies` are those that a plan gives, as `compose` takes them; `households` get a list.

    Those have household_id, arm, worth_decile, tier, language; `general` are those of them whose
    lists follow from nothing that they bought.
    """

    copies: pl.DataFrame
    households: pl.DataFrame
    general: General


def keep_plan(
    settings: Settings,
    name: str,
    plan: Plan,
    copies: pl.DataFrame,
    languages: Mapping[int, str],
    *,
    now: datetime,
) -> None:
    """Keep what a plan gives under the name of its run; what is older than a week goes.

    `copies` are the candidates that are given, `languages` those of the households.
    """
    drop_old_plans(settings, now)
    folder = _folder(settings, name)
    # Another worker may keep the same plan; whichever comes last counts.
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    copies.select(_COPIES).write_parquet(unfinished / "copies.parquet")
    spoken = [languages[household_id] for household_id in plan.eligible["household_id"]]
    plan.eligible.select(*_HOUSEHOLDS, pl.Series("language", spoken, pl.String)).write_parquet(
        unfinished / "households.parquet"
    )
    plan.general.items.write_parquet(unfinished / "general.parquet")
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def kept_plan(settings: Settings, name: str) -> KeptPlan:
    """What a plan gives. Raises NotFound where it is kept no more."""
    folder = _folder(settings, name)
    try:
        homes = pl.read_parquet(folder / "households.parquet")
        general = homes.filter(pl.col("arm") == Arm.GENERAL)["household_id"].to_list()
        return KeptPlan(
            pl.read_parquet(folder / "copies.parquet"),
            homes,
            General(general, pl.read_parquet(folder / "general.parquet")),
        )
    except FileNotFoundError as error:
        raise NotFound(_GONE) from error


def _folder(settings: Settings, name: str) -> Path:
    if not _NAME.match(name):
        raise NotFound(_GONE)
    return settings.runs_folder / _FOLDER / name


def drop_old_plans(settings: Settings, now: datetime) -> None:
    """Remove what was kept for longer than a week."""
    for folder in (settings.runs_folder / _FOLDER).glob("*"):
        try:
            made = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        except FileNotFoundError:
            continue
        if now - made > KEPT:
            shutil.rmtree(folder, ignore_errors=True)
