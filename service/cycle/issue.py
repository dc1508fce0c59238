"""A cycle: every eligible household's list, made together and issued at once."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

import polars as pl
from sqlmodel import Session

from service.cycle import stages
from service.cycle.basis import Basis, fit_and_keep, read_basis, read_purchases, stored_model
from service.cycle.serials import draw_codes
from service.cycle.shards import Task, forget_shards, score_shards
from service.engine import reserve
from service.engine.allocate import Terms, allocate
from service.engine.compose import Recipient
from service.engine.lift import held_out
from service.engine.segment import eligible, usage_bounds
from service.errors import Conflict
from service.settings import Settings
from service.store import cycles, households, ledger, lists, offers
from service.store.session import Database
from service.store.tables.cycle import Cycle

Progress = Callable[[str, int, int], None]

HOLDOUT = "holdout"
EXPOSED = "exposed"


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What a cycle came to. `gap` is how far the allocation may be from the best, as a share."""

    cycle_id: int
    as_of: date
    valid_from: date
    valid_to: date
    households: int
    eligible: int
    holdout: int
    lists: int
    offers_running: int
    candidates: int
    offers_issued: int
    reminders_issued: int
    face_value_cents: int
    reserved_cents: int
    gap: float
    violations: int


def run_cycle(
    database: Database, settings: Settings, *, as_of: date, seed: int, progress: Progress
) -> CycleReport:
    """Make and issue the lists of a date: history, predict, segment, allocate, compose.

    Nothing is issued until everything is made; then all of it is one transaction, so a killed run
    leaves no half of a cycle, and running it again goes on from the shards that were finished.
    Same data, date and seed: the same lists. Raises Conflict when the date has its cycle, or when
    nobody is eligible.
    """
    with database.read() as session:
        _free(session, as_of)
        progress("history", 0, 1)
        purchases = read_purchases(session, settings, before=as_of)
        basis = read_basis(session, settings, as_of=as_of)
        committed = offers.committed(session)
        model = stored_model(session, as_of=as_of)
        languages = households.languages(session)
        refs = {key: ref for ref, key in households.ids_by_ref(session).items()}
    progress("history", 1, 1)
    chosen_households = eligible(
        purchases,
        as_of=as_of,
        weeks=settings.weekly_spend_weeks,
        weekly_spend_cents=settings.weekly_spend_cents,
    )["household_id"]
    if chosen_households.is_empty():
        raise Conflict(f"No household is eligible as of {as_of}; no cycle was made.")
    if model is None:
        progress("forecast", 0, 1)
        model = fit_and_keep(database, settings, purchases, as_of=as_of)
        progress("forecast", 1, 1)
    mine = purchases.filter(pl.col("household_id").is_in(chosen_households.implode()))
    task = Task(
        model_json=model.to_json(),
        basis=basis,
        bounds=usage_bounds(purchases, as_of=as_of, weeks=stages.LOYALTY_WEEKS),
        horizon_days=settings.horizon_days,
        margin_percent=settings.margin_percent,
        seed=seed,
    )
    scores, pairs = score_shards(mine, task, settings=settings, progress=progress)
    holdout = _holdout(chosen_households, settings, as_of=as_of, seed=seed)
    progress("allocate", 0, 1)
    allocation = allocate(
        pairs.filter(~pl.col("household_id").is_in(holdout.implode())),
        _room(basis, committed),
        _slots(chosen_households, settings),
        terms=Terms(floor_shortfall_price=0.0),
        seed=seed,
    )
    progress("allocate", 1, 1)
    with database.read() as session:
        drawn = draw_codes(
            session,
            settings,
            issue=f"{as_of.isoformat()}:{seed}",
            households=[(household_id, refs[household_id]) for household_id in chosen_households],
        )
    recipients = [
        Recipient(household_id, languages[household_id], code)
        for household_id, code in zip(chosen_households, drawn, strict=True)
    ]
    drafted = stages.compose(
        recipients,
        settings=settings,
        basis=basis,
        purchases=mine,
        scores=scores,
        chosen=allocation.pairs.join(
            pairs.select("household_id", "offer_id", "why"), on=["household_id", "offer_id"]
        ),
    )
    progress("compose", len(drafted), len(drafted))
    report = CycleReport(
        cycle_id=0,
        as_of=as_of,
        valid_from=basis.valid_from,
        valid_to=basis.valid_to,
        households=purchases["household_id"].n_unique(),
        eligible=len(chosen_households),
        holdout=len(holdout),
        lists=len(drafted),
        offers_running=basis.offers.height,
        candidates=pairs.height,
        offers_issued=sum(len(each.document.offers) for each in drafted),
        reminders_issued=sum(len(each.document.reminders) for each in drafted),
        face_value_cents=sum(each.document.worth_cents for each in drafted),
        reserved_cents=int(_reserved(drafted)["cents"].sum()),
        gap=round(allocation.certificate.gap, 6),
        violations=allocation.certificate.violations,
    )
    report = _issue(database, report, drafted, task, holdout, allocation.prices)
    forget_shards(settings, basis, seed=seed)
    return report


def _free(session: Session, as_of: date) -> None:
    if cycles.as_of(session, as_of) is not None:
        raise Conflict(f"There is a cycle as of {as_of} already.")


def _holdout(chosen: pl.Series, settings: Settings, *, as_of: date, seed: int) -> pl.Series:
    salt = f"cycle:{as_of.isoformat()}:{seed}"
    return chosen.filter(held_out(chosen, settings.holdout_percent, salt=salt))


def _room(basis: Basis, committed: pl.DataFrame) -> pl.DataFrame:
    """What each offer still has: its budget less what is promised, its free copies."""
    return (
        basis.offers.join(committed, on="offer_id")
        .sort("offer_id")
        .select(
            "offer_id",
            *(
                (pl.col(limit) - pl.col(used)).clip(lower_bound=0).alias(limit)
                for limit, used in (
                    ("budget_cents", "spent_cents"),
                    ("circulation_max", "issued"),
                    ("circulation_min", "issued"),
                )
            ),
        )
    )


def _slots(chosen: pl.Series, settings: Settings) -> pl.DataFrame:
    return pl.DataFrame({"household_id": chosen}).with_columns(
        pl.lit(settings.offers_per_list, pl.Int64).alias("slots"),
        pl.lit(settings.offers_per_category, pl.Int64).alias("category_max"),
        pl.lit(0, pl.Int64).alias("face_value_floor_cents"),
        pl.lit(None, pl.Int64).alias("face_value_ceiling_cents"),
    )


def _reserved(drafted: Sequence[stages.Drafted]) -> pl.DataFrame:
    rows = [
        (line["offer_id"], line["reserved_cents"] * line["uses"])
        for each in drafted
        for line in each.lines
        if line["offer_id"] is not None
    ]
    frame = pl.DataFrame(rows, schema={"offer_id": pl.Int64, "cents": pl.Int64}, orient="row")
    return frame.group_by("offer_id").agg(pl.col("cents").sum()).sort("offer_id")


def _issue(
    database: Database,
    report: CycleReport,
    drafted: Sequence[stages.Drafted],
    task: Task,
    holdout: pl.Series,
    prices: pl.DataFrame,
) -> CycleReport:
    now = datetime.now(UTC)

    def write(session: Session) -> CycleReport:
        _free(session, report.as_of)
        cycle = Cycle(
            as_of=report.as_of,
            seed=task.seed,
            valid_from=report.valid_from,
            valid_to=report.valid_to,
            issued_at=now,
            usage_bounds=task.bounds.write_json(),
            summary="",
        )
        cycle_id = cycles.add(session, cycle)
        issued = CycleReport(**{**asdict(report), "cycle_id": cycle_id})
        cycle.summary = json.dumps(asdict(issued), default=str)
        lists.issue(session, *_frames(drafted, task.basis, cycle_id=cycle_id, now=now))
        cycles.add_prices(
            session,
            cycle_id,
            prices.select("offer_id", "budget_price", "circulation_price_cents"),
        )
        cycles.add_arms(session, cycle_id, _arms(drafted, holdout))
        ledger.post(
            session,
            [
                {
                    "posting": f"cycle-{cycle_id}",
                    "kind": "issue",
                    "account": posting.account,
                    "offer_id": posting.offer_id,
                    "amount_cents": posting.amount_cents,
                    "posted_at": now,
                }
                for offer_id, cents in _reserved(drafted).iter_rows()
                for posting in reserve.issued(offer_id, cents)
            ],
        )
        return issued

    return database.settle(write, busy="Other cycles are being issued; run the cycle again.")


def _arms(drafted: Sequence[stages.Drafted], holdout: pl.Series) -> pl.DataFrame:
    held = set(holdout)
    ids = [each.household_id for each in drafted]
    arms = [HOLDOUT if household_id in held else EXPOSED for household_id in ids]
    return pl.DataFrame(
        {"household_id": ids, "arm": arms}, {"household_id": pl.Int64, "arm": pl.String}
    )


def _frames(
    drafted: Sequence[stages.Drafted], basis: Basis, *, cycle_id: int, now: datetime
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lists and their lines as the store takes them."""
    listed = pl.DataFrame(
        {
            "code": [each.document.list_code for each in drafted],
            "household_id": [each.household_id for each in drafted],
            "document": [each.document.to_json() for each in drafted],
        },
        {"code": pl.String, "household_id": pl.Int64, "document": pl.String},
    ).with_columns(
        pl.lit(cycle_id, pl.Int64).alias("cycle_id"),
        pl.lit(basis.valid_from).alias("valid_from"),
        pl.lit(basis.valid_to).alias("valid_to"),
        pl.lit(now).cast(pl.Datetime("us", "UTC")).alias("written_at"),
    )
    lines = pl.DataFrame(
        [{"code": each.document.list_code, **line} for each in drafted for line in each.lines],
        {
            "code": pl.String,
            "line": pl.Int64,
            "kind": pl.String,
            "item_id": pl.Int64,
            "offer_id": pl.Int64,
            "text": pl.String,
            "reason": pl.String,
            "face_value_cents": pl.Int64,
            "uses": pl.Int64,
            "reserved_cents": pl.Int64,
            "p_purchase": pl.Float64,
        },
    )
    return listed, lines
