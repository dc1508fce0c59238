"""Proofs of a plan are the lists that are issued, to the letter; and show its extremes."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from service.cycle import run_cycle, what_if
from service.cycle.kept_plan import KEPT, KeptPlan, drop_old_plans, kept_plan
from service.cycle.proof import MOST, Proof, ProofReason, choose_proofs, proof_of, prove
from service.deals.steer import stop
from service.errors import Conflict, NotFound
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from tests.market import AS_OF, open_market, query, ref, silent

pytestmark = pytest.mark.slow

RUN = "a" * 32


def plan(database: Database, settings: Settings, *, run: str = RUN, most: int = 10_000) -> None:
    what_if(
        database, settings, as_of=AS_OF, seed=0, fewer_than=6, most_households=most,
        progress=silent, kept_as=run,
    )  # fmt: skip


def proved(
    database: Database, settings: Settings, kept: KeptPlan, proofs: list[Proof]
) -> list[str]:
    return [
        each.document.to_json()
        for each in prove(database, settings, kept, proofs, as_of=AS_OF, seed=0)
    ]


def test_what_is_proved_is_what_is_issued(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    settings = settings.model_copy(update={"holdout_percent": 20})
    with database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE household SET language = 'de' WHERE ref IN ('M11', 'M12')"
        )
    plan(database, settings)
    kept = kept_plan(settings, RUN)
    proofs = choose_proofs(database, kept, seed=0)
    assert len({each.household_id for each in proofs}) == len(proofs) == MOST
    assert choose_proofs(database, kept, seed=0) == proofs
    made = proved(database, settings, kept, proofs)
    run_cycle(database, settings, as_of=AS_OF, seed=0, progress=silent)
    issued = dict(query(database, "SELECT household_id, document FROM shopping_list"))
    assert made == [issued[each.household_id] for each in proofs]
    with pytest.raises(Conflict, match="its own lists are what counts"):
        proved(database, settings, kept, proofs)

    worth = dict(
        query(
            database,
            """SELECT s.household_id, sum(l.face_value_cents) FROM list_line l
               JOIN shopping_list s ON s.id = l.list_id
               WHERE l.offer_id IS NOT NULL GROUP BY s.household_id""",
        )
    )
    by_reason = {each.reason: each for each in proofs[::-1]}
    assert worth[by_reason[ProofReason.RICHEST].household_id] == max(worth.values())
    assert worth[by_reason[ProofReason.POOREST].household_id] == min(worth.values())
    arms = dict(query(database, "SELECT household_id, arm FROM cycle_household"))
    assert arms[by_reason[ProofReason.HELD_OUT].household_id] == "holdout"
    assert by_reason[ProofReason.HELD_OUT].household_id not in worth
    assert {each.language.partition("-")[0] for each in proofs} == {"en", "de"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_proof_has_its_pages_with_the_address(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    plan(database, settings)
    kept = kept_plan(settings, RUN)
    one = proof_of(database, kept, ref(7))
    assert (one.ref, one.reason) == ("M07", ProofReason.ASKED_FOR)
    (found,) = prove(database, settings, kept, [one], as_of=AS_OF, seed=0)
    document = pdfium.PdfDocument(found.pdf)
    said = document[0].get_textpage().get_text_bounded()
    document.close()
    assert "Person 7" in said
    assert "7 Elm Street" in said
    assert found.document.list_code in said.replace(" ", "").replace("(", "").replace(")", "")
    with pytest.raises(NotFound):
        proof_of(database, kept, ref(30))
    with pytest.raises(NotFound):
        proof_of(database, kept, "nobody")
    for line in found.document.offers[:1]:
        stop(database, line.offer_id, by=Actor("tests"))
    with pytest.raises(Conflict, match="plan again"):
        prove(database, settings, kept, [one], as_of=AS_OF, seed=0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_plan_gives_is_kept_for_a_week_and_of_all_households_only(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    open_market(database, settings, tmp_path)
    plan(database, settings)
    plan(database, settings, run="b" * 32, most=5)
    with pytest.raises(NotFound):
        kept_plan(settings, "b" * 32)
    for odd in ("", "../" + RUN, "A" * 32):
        with pytest.raises(NotFound):
            kept_plan(settings, odd)
    folder = settings.runs_folder / "plans" / RUN
    old = (datetime.now(UTC) - KEPT - timedelta(minutes=1)).timestamp()
    os.utime(folder, (old, old))
    plan(database, settings, run="c" * 32)
    with pytest.raises(NotFound):
        kept_plan(settings, RUN)
    assert kept_plan(settings, "c" * 32).copies.height > 0
    drop_old_plans(settings, datetime.now(UTC) + KEPT + timedelta(minutes=1))
    assert [*folder.parent.iterdir()] == []
