"""What a layout cannot print is found before it is printed, and what passes does print."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.records import OfferLine
from service.engine.render import PrintTrial, print_offer, render_one
from service.errors import InvalidInput
from service.files import layouts
from tests.engine.render.lists import document

LAYOUTS = layouts.names()
TRIALS = {name: PrintTrial(layouts.load(name)) for name in LAYOUTS}
WIDE = st.text("Wil ‑é-ßЖ日😀", max_size=120)


@pytest.mark.parametrize("name", LAYOUTS)
@given(title=WIDE, legal=WIDE.map(lambda text: text * 8))
def test_what_passes_prints_and_what_does_not_fails(name: str, title: str, legal: str) -> None:
    trial = TRIALS[name]
    offer = replace(document(offers=1).offers[0], title=title, legal=legal)
    faults = [
        trial.fault_of("title", title, language="en"),
        trial.fault_of("legal", legal, language="en"),
    ]
    if faults == [None, None]:
        listed = replace(document(offers=1), offers=(offer,))
        assert render_one(listed, None, layouts.load(name)).startswith(b"%PDF")
    elif faults[0] is not None:
        with pytest.raises(InvalidInput):
            _print(offer, name)


@pytest.mark.parametrize(
    ("text", "detail", "remedy"),
    [
        ("Tex\u2011Mex", None, None),
        ("Party 🎉", None, None),
        ("12\u2032 pizza अ", "(U+0905 DEVANAGARI LETTER A)", "larder fonts add"),
        ("Käse\x07", "has (U+0007)", "leave it out"),
        ("W" * 300, "of its 300 characters are too many for 2 lines of 50 mm", "shorten it"),
        ("ﬁne", None, None),
    ],
)
def test_a_fault_says_what_and_what_to_do(
    text: str, detail: str | None, remedy: str | None
) -> None:
    fault = TRIALS["classic-a4"].fault_of("title", text, language="en")
    if detail is None or remedy is None:
        assert fault is None or "write 'fi'" in fault.remedy
        return
    assert fault is not None
    assert detail in fault.detail
    assert remedy in fault.remedy


def test_a_text_cut_as_the_remedy_says_fits() -> None:
    trial = TRIALS["classic-letter"]
    text = "Harvelle paper towels, select a size " * 8
    fault = trial.fault_of("title", text, language="de")
    assert fault is not None
    most = int("".join(filter(str.isdigit, fault.remedy)))
    assert trial.fault_of("title", text[:most], language="de") is None
    assert trial.fault_of("title", text[: most + 12], language="de") is not None


def _print(offer: OfferLine, name: str) -> bytes:
    layout = layouts.load(name)
    on = document().issued_on
    return print_offer(offer, layout, retailer="", currency="USD", language="en", on=on)
