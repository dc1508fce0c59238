"""Terms as stored: what is read is what was written, and nothing vague gets in."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from service.engine.redeem import (
    AmountOff,
    BuyGet,
    Condition,
    Covers,
    FixedPrice,
    Need,
    PercentOff,
    Terms,
    parse_terms,
)
from service.errors import InvalidInput
from tests.engine.redeem.strategies import terms


@settings(max_examples=120)
@given(terms())
def test_terms_survive_json(its: Terms) -> None:
    assert Terms.from_dict(json.loads(json.dumps(its.to_dict()))) == its


def test_the_stored_form() -> None:
    its = Terms(Condition((Need(2000),), 500), PercentOff(2500, 300, Covers.ALL), uses_per_basket=2)
    assert its.to_dict() == {
        "condition": {
            "needs": [{"quantity_milli": 2000, "unit": "each"}],
            "minimum_spend_cents": 500,
        },
        "benefit": {
            "kind": "percent_off",
            "basis_points": 2500,
            "cap_cents": 300,
            "covers": "all",
        },
        "uses_per_basket": 2,
    }


def test_what_is_left_out_has_a_plain_meaning() -> None:
    assert Terms.from_dict(
        {"condition": {"needs": [{}]}, "benefit": {"kind": "amount_off", "amount_cents": 50}}
    ) == Terms(Condition((Need(1000, "each"),), 0), AmountOff(50))


ONE: dict[str, Any] = {"needs": [{}]}
OFF: dict[str, Any] = {"kind": "amount_off", "amount_cents": 50}


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ({}, "terms.condition: is missing"),
        ({"condition": ONE}, "terms.benefit: is missing"),
        ({"condition": [], "benefit": OFF}, "terms.condition: is not an object"),
        ({"condition": {"needs": []}, "benefit": OFF}, "terms.condition.needs: is not a list"),
        ({"condition": ONE, "benefit": OFF, "cap": 1}, "terms.cap: is not known here"),
        ({"condition": ONE, "benefit": {**OFF, "cap": 1}}, "terms.benefit.cap: is not known here"),
        ({"condition": ONE, "benefit": {"kind": "gift"}}, "terms.benefit.kind: is 'gift'"),
        ({"condition": ONE, "benefit": {"kind": "amount_off"}}, "amount_cents: is missing"),
        ({"condition": ONE, "benefit": {}}, r"benefit.kind: is missing \(add it\)"),
        ({"condition": ONE, "benefit": {**OFF, "amount_cents": 0}}, "amount_cents: is 0"),
        ({"condition": ONE, "benefit": {**OFF, "amount_cents": True}}, "is not a whole number"),
        ({"condition": ONE, "benefit": {**OFF, "amount_cents": 0.5}}, "is not a whole number"),
        (
            {"condition": ONE, "benefit": {"kind": "percent_off", "basis_points": 10_001}},
            "basis_points: is 10001",
        ),
        ({"condition": ONE, "benefit": OFF, "uses_per_basket": 0}, "uses_per_basket: is 0"),
        (
            {"condition": {"needs": [{"quantity_milli": 1500}]}, "benefit": OFF},
            r"needs\[0\].quantity_milli: is part of a piece",
        ),
        ({"condition": {"needs": [{"unit": "stone"}]}, "benefit": OFF}, "unit: is 'stone'"),
        (
            {"condition": {"needs": [{"quantity_milli": 0}]}, "benefit": OFF},
            "asks for nothing",
        ),
        (
            {
                "condition": {"needs": [{}, {}]},
                "benefit": {"kind": "fixed_price", "price_cents": 1},
            },
            "several sets under a fixed price",
        ),
        (
            {
                "condition": {"needs": [{"unit": "kg"}]},
                "benefit": {"kind": "bundle_price", "price_cents": 1},
            },
            "weighed under a bundle price",
        ),
        (
            {
                "condition": {"needs": [{"quantity_milli": 0}], "minimum_spend_cents": 5},
                "benefit": {"kind": "bundle_price", "price_cents": 1},
            },
            "no quantity under a bundle price",
        ),
        ({"condition": ONE, "benefit": {"kind": "free_item"}}, "must be 0 for the free item"),
        (
            {"condition": ONE, "benefit": {"kind": "buy_get", "get": 1, "on": 1}},
            "benefit.on: is 1",
        ),
        (
            {"condition": {"needs": [{}, {}]}, "benefit": {"kind": "buy_get", "get": 1, "on": 1}},
            "must be 0 beside other sets",
        ),
        (
            {
                "condition": {"needs": [{"quantity_milli": 0}]},
                "benefit": {"kind": "buy_get", "get": 1},
            },
            "asks for nothing to buy",
        ),
        (
            {"condition": {"needs": [{"unit": "kg"}]}, "benefit": {"kind": "buy_get", "get": 1}},
            "weighed but given away",
        ),
    ],
)
def test_faulty_terms_are_refused_with_their_place(stored: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        Terms.from_dict(stored)
    assert caught.value.problems[0].where.startswith("terms.")


def test_all_that_is_wrong_is_named_at_once_with_what_to_do() -> None:
    stored = {
        "condition": {"needs": [{}, {"unit": "stone"}]},
        "benefit": {"kind": "percent_off", "basis_points": 0, "covers": "most", "cap": 1},
        "uses_per_basket": "2",
    }
    with pytest.raises(InvalidInput) as caught:
        Terms.from_dict(stored)
    assert [str(problem) for problem in caught.value.problems] == [
        "terms.condition.needs[1].unit: is 'stone' (one of each, g, kg, l, lb, ml, oz)",
        "terms.benefit.basis_points: is 0 (at least 1)",
        "terms.benefit.covers: is 'most' (one of all, needed)",
        "terms.benefit.cap: is not known here (remove it)",
        "terms.uses_per_basket: is not a whole number (it is '2')",
    ]
    with pytest.raises(InvalidInput, match=r"kind: is 'gift' \(one of amount_off, bundle_"):
        Terms.from_dict({"condition": ONE, "benefit": {"kind": "gift"}})


def test_terms_made_in_code_are_held_to_the_same_rules() -> None:
    with pytest.raises(InvalidInput, match="several sets"):
        Terms(Condition((Need(), Need())), FixedPrice(99))
    with pytest.raises(InvalidInput, match="beside other sets"):
        Terms(Condition((Need(), Need())), BuyGet(1))


def test_stored_text_is_read_once() -> None:
    text = json.dumps({"condition": ONE, "benefit": OFF})
    assert parse_terms(text) == Terms(Condition((Need(),)), AmountOff(50))
    assert parse_terms(text) is parse_terms(text)
    with pytest.raises(InvalidInput, match="is not JSON"):
        parse_terms("{")
