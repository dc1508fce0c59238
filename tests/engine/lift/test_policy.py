"""What another policy would have come to: the planted truth, whichever of two models is wrong."""

import numpy as np
import pytest

from service.engine.lift.policy import Tried, policy_value

HOUSEHOLDS, DEALS = 600, 5


def world(seed: int) -> tuple[Tried, np.ndarray, np.ndarray]:
    """Pairs whose copies add 2 to rivals and 0.5 to others; what each adds, and who is a rival.

    Keen buyers buy more anyway, and are picked more often.
    """
    rng = np.random.default_rng(seed)
    household = np.repeat(np.arange(HOUSEHOLDS), DEALS)
    keen = rng.gamma(2.0, 1.0, HOUSEHOLDS)[household]
    rival = rng.random(len(household)) < 0.4
    chance = np.clip(0.1 + 0.2 * keen, 0.1, 0.9)
    picked = rng.random(len(household)) < chance
    adds = np.where(rival, 2.0, 0.5)
    outcome = 3 * keen + adds * picked + rng.normal(0, 1, len(household))
    return Tried(outcome, keen[:, None], household, picked, chance), adds, rival


def truth(tried: Tried, adds: np.ndarray, gives: np.ndarray) -> float:
    return float((adds * (gives.astype(float) - tried.is_picked)).sum())


def test_the_interval_of_a_policy_holds_the_planted_truth() -> None:
    """Copies to rivals only: in 200 worlds the interval of 95 % holds what it would have added."""
    held = []
    for seed in range(200):
        tried, adds, rival = world(seed)
        found = policy_value(tried, concerned=np.ones(len(rival), bool), gives=rival)
        ends = found.interval()
        held.append(ends.low <= truth(tried, adds, rival) <= ends.high)
        assert found.by_model == 0
    assert 0.92 <= np.mean(held) <= 0.99


@pytest.mark.parametrize("wrong", ["regression", "chances"])
def test_either_model_may_be_wrong(wrong: str) -> None:
    rng = np.random.default_rng(0)
    errors, naive = [], []
    for seed in range(60):
        tried, adds, rival = world(seed)
        spoiled = Tried(
            tried.outcome,
            rng.permutation(tried.covariates) if wrong == "regression" else np.column_stack(
                [tried.covariates, rival, rival * tried.is_picked]
            )[:, :2],
            tried.household,
            tried.is_picked,
            tried.chance if wrong == "regression" else np.full(len(rival), 0.5),
        )  # fmt: skip
        everything = np.ones(len(rival), bool)
        found = policy_value(spoiled, concerned=everything, gives=rival)
        wanted = truth(tried, adds, rival)
        errors.append(found.difference - wanted)
        # What buyers of copies bought less what the others did, for each copy more or fewer.
        apart = tried.outcome[tried.is_picked].mean() - tried.outcome[~tried.is_picked].mean()
        naive.append(apart * (rival.sum() - tried.is_picked.sum()) - wanted)
    scale = HOUSEHOLDS * DEALS
    assert abs(np.mean(errors)) / scale < 0.02
    assert abs(np.mean(naive)) / scale > 0.1


def test_as_it_was_changes_nothing_and_what_had_no_chance_is_answered_by_the_model() -> None:
    tried, adds, rival = world(1)
    everything = np.ones(len(rival), bool)
    sure = Tried(
        tried.outcome, tried.covariates, tried.household, tried.is_picked,
        tried.is_picked.astype(float),
    )  # fmt: skip

    same = policy_value(sure, concerned=everything, gives=sure.is_picked)
    none = policy_value(tried, concerned=~everything, gives=rival)
    other = policy_value(sure, concerned=everything, gives=~sure.is_picked)

    assert (same.difference, same.error, same.changed, same.by_model) == (0.0, 0.0, 0, 0)
    assert (none.difference, none.changed) == (0.0, 0)
    assert other.by_model == other.changed == len(rival)
    assert other.difference == pytest.approx(truth(tried, adds, ~tried.is_picked), abs=160)
