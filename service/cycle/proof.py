"""Proofs of a plan: some of its lists, made as they will be issued, drawn as they will be printed.

Nothing is written. What the plan gives is fixed; names, addresses, reminders and shelf prices are
those of today, as they are when it is issued.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from random import Random

import polars as pl
from sqlmodel import Session

from service.cycle.compose import compose, read_around
from service.cycle.fit_lists import checker_of, fit_lists
from service.cycle.forecast import stored_model
from service.cycle.general import score_lists
from service.cycle.inputs import read_inputs, read_purchases
from service.cycle.kept_plan import KeptPlan
from service.cycle.serials import draw_recipients
from service.engine.offers import Arm
from service.engine.predict import default_model
from service.engine.records import Address, DealKind, ListDocument
from service.engine.render import render_one
from service.errors import Conflict, NotFound
from service.files import layouts
from service.files.print_setup import inks_of
from service.settings import Settings
from service.store import cycles, households
from service.store.offers import products
from service.store.pictures import KeptPictures
from service.store.session import Database

MOST = 10
"""Lists that are proved at once."""


class ProofReason(StrEnum):
    """Why just this list is proved."""

    ASKED_FOR = "asked_for"
    RICHEST = "richest"
    POOREST = "poorest"
    FULLEST = "fullest"
    WITHOUT_OFFERS = "without_offers"
    HELD_OUT = "held_out"
    GENERAL = "general"
    PINNED = "pinned"
    PARTNER = "partner"
    LANGUAGE = "language"
    DRAWN = "drawn"


@dataclass(frozen=True, slots=True)
class Proof:
    """A household whose list is proved, and why; `ref` is the retailer's own number.

    One that agreed to no profile has neither decile nor tier.
    """

    household_id: int
    ref: str
    reason: ProofReason
    language: str
    worth_decile: int | None
    tier: str


@dataclass(frozen=True, slots=True)
class ProvedList:
    """A list as it will be issued: the document, and its pages as a PDF.

    `pinned` are the offers on it that somebody pinned, `cells` the household's cell by offer (none
    of a partner's slot).
    """

    proof: Proof
    document: ListDocument
    pdf: bytes
    pinned: frozenset[int]
    cells: dict[int, str]


def choose_proofs(database: Database, kept: KeptPlan, *, seed: int) -> list[Proof]:
    """Ten lists of a plan that show its extremes, each household once; others are drawn by hash."""
    chosen: dict[int, ProofReason] = {}
    for household_id, reason in _extremes(kept, seed=seed):
        if len(chosen) == MOST:
            break
        chosen.setdefault(household_id, reason)
    with database.read() as session:
        return _proofs(session, kept, chosen)


def proof_of(database: Database, kept: KeptPlan, ref: str) -> Proof:
    """The list of the household with this number. Raises NotFound for one without a list."""
    with database.read() as session:
        found = households.by_ref(session, ref)
        if found is None or found.id not in kept.households["household_id"]:
            raise NotFound(f"No list of this plan is for household {ref!r}.")
        return _proofs(session, kept, {found.id: ProofReason.ASKED_FOR})[0]


def prove(
    database: Database,
    settings: Settings,
    kept: KeptPlan,
    proofs: Sequence[Proof],
    *,
    as_of: date,
    seed: int,
) -> list[ProvedList]:
    """Make the lists of some households as a cycle would, in their order.

    Raises Conflict where the date has its cycle, or deals of the plan cannot be issued any more,
    and InvalidInput when a list cannot be printed whatever is on it.
    """
    ids = [each.household_id for each in proofs]
    copies = kept.copies.filter(pl.col("household_id").is_in(ids))
    with database.read() as session:
        if cycles.as_of(session, as_of) is not None:
            # The codes of its lists are given away: those of a proof would be others.
            raise Conflict(
                "The cycle of %(day)s was issued: its own lists are what counts.", day=as_of
            )
        general = kept.general.among(ids)
        known = [each for each in ids if each not in general.household_ids]
        bought = read_purchases(session, settings, before=as_of, household_ids=known)
        asked = [bought.select(general.selection().columns), general.selection()]
        inputs = read_inputs(session, settings, as_of=as_of, bought=pl.concat(asked))
        if not copies.join(inputs.running.offers, on="offer_id", how="anti").is_empty():
            raise Conflict("Deals of this plan cannot be issued any more: plan again.")
        model = stored_model(session, as_of=as_of, any_age=True) or default_model(
            as_of=as_of, horizon_days=settings.forecast_days
        )
        recipients = draw_recipients(
            session,
            settings,
            issue=f"{as_of.isoformat()}:{seed}",
            household_ids=ids,
            languages=households.languages(session, ids),
            refs=households.refs(session, ids),
            general=general.household_ids,
        )
        around = read_around(
            session,
            settings,
            inputs,
            ids,
            gtins=bought["gtin"].unique().to_list(),
            general=general.household_ids,
        )
        goods = products.goods_of(session, copies["offer_id"].unique().to_list())
        contacts = households.contacts(session, ids)
    composed = compose(
        recipients,
        settings=settings,
        inputs=inputs,
        purchases=bought,
        scores=score_lists(bought, general, model, inputs, horizon_days=settings.forecast_days),
        chosen=copies,
        goods=goods,
        around=around,
    )
    made = {each.household_id: each for each in fit_lists(composed, checker_of(settings))}
    addresses = {
        row["household_id"]: Address(*(row[part] or "" for part in Address.__annotations__))
        for row in contacts.iter_rows(named=True)
    }
    cells = copies.filter(pl.col("cell").is_not_null())
    return [
        ProvedList(
            proof=proof,
            document=made[proof.household_id].document,
            pdf=_drawn(database, settings, made[proof.household_id].document,
                       addresses.get(proof.household_id)),
            pinned=made[proof.household_id].pinned,
            cells=dict(
                cells.filter(pl.col("household_id") == proof.household_id)
                .select("offer_id", "cell")
                .iter_rows()
            ),
        )
        for proof in proofs
    ]  # fmt: skip


def _drawn(
    database: Database, settings: Settings, document: ListDocument, address: Address | None
) -> bytes:
    return render_one(
        document,
        address,
        layouts.load(settings.layout, inks_of(settings)),
        sender=layouts.sender_of(settings),
        departments=settings.walking_order,
        pictures=KeptPictures(database),
    )


def _proofs(session: Session, kept: KeptPlan, chosen: dict[int, ProofReason]) -> list[Proof]:
    refs = households.refs(session, list(chosen))
    rows = kept.households.filter(pl.col("household_id").is_in(list(chosen)))
    known = {row["household_id"]: row for row in rows.iter_rows(named=True)}
    return [
        Proof(
            household_id,
            refs[household_id],
            reason,
            known[household_id]["language"],
            known[household_id]["worth_decile"],
            known[household_id]["tier"] or "",
        )
        for household_id, reason in chosen.items()
    ]


def _extremes(kept: KeptPlan, *, seed: int) -> Iterator[tuple[int, ProofReason]]:
    """Households by what they show, the most telling first; ties to the lower number."""
    sums = (
        kept.copies.group_by("household_id")
        .agg(
            pl.col("face_value_cents").sum().alias("face"),
            pl.len().alias("offers"),
            pl.col("pin").is_not_null().any().alias("pinned"),
            (pl.col("kind") == DealKind.PARTNER).any().alias("partner"),
        )
        .sort("household_id")
    )
    everybody = kept.households.join(sums, on="household_id", how="left").sort("household_id")
    exposed = everybody.filter(pl.col("arm") == Arm.EXPOSED)
    listed = exposed.filter(pl.col("offers").is_not_null())
    by = (
        (ProofReason.RICHEST, listed.sort("face", descending=True, maintain_order=True)),
        (ProofReason.POOREST, listed.sort("face", maintain_order=True)),
        (ProofReason.FULLEST, listed.sort("offers", descending=True, maintain_order=True)),
        (ProofReason.WITHOUT_OFFERS, exposed.filter(pl.col("offers").is_null())),
        (ProofReason.HELD_OUT, everybody.filter(pl.col("arm") == Arm.HOLDOUT)),
        (ProofReason.GENERAL, everybody.filter(pl.col("arm") == Arm.GENERAL)),
        (ProofReason.PINNED, listed.filter("pinned")),
        (ProofReason.PARTNER, listed.filter("partner")),
    )
    taken: set[int] = set()
    for reason, rows in by:
        first = next((each for each in rows["household_id"] if each not in taken), None)
        if first is not None:
            taken.add(first)
            yield first, reason
    seen = everybody.filter(pl.col("household_id").is_in(list(taken)))["language"].unique()
    others = everybody.filter(~pl.col("language").is_in(seen.implode()))
    for household_id in others.unique("language", keep="first", maintain_order=True)[
        "household_id"
    ]:
        yield household_id, ProofReason.LANGUAGE
    ids = everybody["household_id"].to_list()
    for household_id in Random(seed).sample(ids, min(2 * MOST, len(ids))):
        yield household_id, ProofReason.DRAWN
