"""What earlier cycles teach the next: the response model as of a date."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl
from sqlmodel import Session

from service.engine.allocate.response import EVIDENCE, Lesson, learn, normal
from service.engine.allocate.value import ResponseModel
from service.settings import Settings
from service.store.offers import responses
from service.store.tables.cycle import Response


@dataclass(frozen=True, slots=True)
class Learned:
    """The response model of a date, the window it was learned from, and the counts.

    `evidence` is what the stated defaults would have expected, by cycle and cell.
    """

    as_of: date
    window_from: date
    evidence: pl.DataFrame
    lesson: Lesson

    def artefact(self) -> Response:
        """As it is stored."""
        return Response(
            as_of=self.as_of,
            window_from=self.window_from,
            learned_at=datetime.now(UTC),
            model=self.lesson.model.to_json(),
            evidence=self.evidence.to_dicts(),
        )


def learned(session: Session, settings: Settings, *, as_of: date) -> Learned:
    """The response as of a date, from the cycles whose lists ended before it.

    Nothing that happened on the date or later is looked at. What a cycle showed is counted once
    and kept with the artefact, so that the next need not count it again.
    """
    window_from = as_of - timedelta(weeks=settings.response_weeks)
    # An artefact of the very date is learned again.
    earlier = responses.newest(session, on=as_of - timedelta(days=1))
    counted = evidence_of(earlier) if earlier else pl.DataFrame(schema=EVIDENCE)
    parts = [pl.DataFrame(schema=EVIDENCE)]
    for cycle in responses.ended(session, first=window_from, before=as_of):
        cycle_id = cycle.id
        of_cycle = counted.filter(pl.col("cycle_id") == cycle_id)
        # A cycle without copies left no row, and need not be asked again.
        known = earlier and earlier.window_from <= cycle.valid_to < earlier.as_of
        if of_cycle.is_empty() and not known:
            of_cycle = _evidence(session, cycle_id, model_of(responses.as_of(session, cycle.as_of)))
        parts.append(of_cycle)
    evidence = pl.concat(parts)
    return Learned(as_of, window_from, evidence, learn(evidence))


def model_of(artefact: Response | None) -> ResponseModel:
    """The model of an artefact; the stated defaults without one."""
    return ResponseModel() if artefact is None else ResponseModel.from_json(artefact.model)


def evidence_of(artefact: Response) -> pl.DataFrame:
    """The counts an artefact rests on; one older than a count has none of it."""
    found = pl.DataFrame(artefact.evidence, schema=EVIDENCE)
    return found.with_columns(
        pl.col("depth").fill_null(""),
        *(pl.col(name).fill_null(0) for name in EVIDENCE if name.startswith("swing")),
    )


def _evidence(session: Session, cycle_id: int, model: ResponseModel) -> pl.DataFrame:
    """What one cycle shows; `model` is what its copies were valued by."""
    keys = ["cell", "depth"]
    found = (
        responses.exposed(session, cycle_id)
        .join(responses.ghosts(session, cycle_id), on=keys, how="full", coalesce=True)
        .join(responses.swings(session, cycle_id), on=keys, how="full", coalesce=True)
        .with_columns(pl.lit(cycle_id, pl.Int64).alias("cycle_id"))
        .with_columns(
            pl.col(name).fill_null(0) for name in EVIDENCE if name not in ("cycle_id", *keys)
        )
        .sort(keys)
    )
    return normal(found.select(*EVIDENCE), model)
