import json
from collections import defaultdict
from dataclasses import fields, replace
from datetime import date
from importlib.resources import files
from itertools import cycle
from typing import get_args

import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp

from service.engine.render import Checker, PrintTrial, SymbolProfile, render_one
from service.engine.render.box_fields import StyleFields
from service.engine.render.fit import Typesetter
from service.engine.render.layout import SHEETS_PT
from service.engine.render.layout_fields import CellFields, ElementFields, LayoutFields
from service.engine.render.parts import MM, TextBox
from service.engine.render.plans import TextPlan
from service.engine.render.samples import SAMPLE_DAY, sample_piece
from service.errors import InvalidInput, NotFound
from service.files import layouts
from service.settings import LetterSettings
from tests.engine.render.lists import document

TEMPLATES = files("templates")
LETTERS = LetterSettings(_env_file=None)
SHIPPED = (
    "classic-a4",
    "classic-letter",
    "compact-a4",
    "compact-letter",
    "large-print-a4",
    "large-print-letter",
)


def test_the_shipped_layouts_are_three_designs_on_two_sheets():
    assert layouts.names() == SHIPPED
    assert {name: layouts.load(name).sheets_of(layouts.load(name).pages) for name in SHIPPED} == {
        "classic-a4": 1,
        "classic-letter": 1,
        "compact-a4": 1,
        "compact-letter": 1,
        "large-print-a4": 2,
        "large-print-letter": 2,
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_no_shipped_layout_overflows_in_any_language(name):
    layouts.check(layouts.load(name))


def test_large_print_sets_nothing_for_reading_under_14_points():
    for style in _styles(layouts.load("large-print-a4")):
        if style.name not in ("mark", "return", "address", "code"):
            assert style.shrink_pt >= 14


def _styles(layout):
    for element in layout.elements:
        cells = [getattr(element, name, None) for name in ("cell", "header", "reminder", "offer")]
        for cell in filter(None, cells):
            yield from (text.style for text in cell.texts)
        if getattr(element, "style", None):
            yield element.style


@pytest.mark.parametrize("profile", list(SymbolProfile))
def test_the_large_print_letter_has_room_for_every_symbol(profile):
    layouts.check(layouts.load("large-print-a4"), profile=profile)


@pytest.mark.parametrize("name", layouts.names())
def test_no_words_of_ours_are_too_long_for_their_box_which_would_leave_out_its_slot(name):
    """Values are empty here: in any language the words around them fit."""
    layout = layouts.load(name)
    setter = Typesetter({each: layout.stationery.faces[each] for each in layout.fonts})
    boxes = [each for each in layout.all_elements() if isinstance(each, TextBox)]
    for language in layout.stationery.phrases:
        phrases = layout.stationery.phrases_for(language)
        for plan in (TextPlan(each, phrases) for each in boxes):
            text, box = plan.text(plan.key(defaultdict(str))), plan.box
            setter.fit(text, box.style, width=box.w * MM, lines=box.lines, flow=box.flow)


def test_an_unknown_layout_or_sample_language_is_refused():
    with pytest.raises(NotFound, match="there is no layout 'fancy'"):
        layouts.load("fancy")
    with pytest.raises(NotFound, match="no samples in 'xx'"):
        layouts.preview(layouts.load("classic-a4"), LETTERS, languages=["xx"])


def _own(tmp_path, changes):
    file = tmp_path / "own.json"
    data = {"schema": "larder-layout/1", "extends": "classic-a4", "name": "own", **changes}
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def test_a_layout_that_is_not_there_is_named_with_the_way_out(tmp_path):
    missing = tmp_path / "own.json"
    with pytest.raises(NotFound) as caught:
        layouts.load_file(missing)
    assert str(caught.value) == (
        f"There is no file {missing}; give the path of a layout's .json file, or the name of a "
        f"shipped layout: {', '.join(layouts.names())}."
    )
    missing.mkdir()
    with pytest.raises(InvalidInput, match=r"own\.json cannot be read: Is a directory\."):
        layouts.load_file(missing)


def test_an_own_layout_extends_a_shipped_one(tmp_path):
    layout = layouts.load_file(_own(tmp_path, {"elements": [{"id": "brand", "y": 20}]}))
    brand = next(e for e in layout.elements if e.id == "brand")
    assert (layout.name, brand.y, brand.x) == ("own", 20, 20)
    layouts.check(layout)


@pytest.mark.parametrize(
    ("element", "complaint"),
    [
        ({"id": "offers", "h": 40}, "piece SAMPLE-en-US, element offers"),
        ({"id": "brand", "x": 1}, "brand"),
        ({"id": "symbol", "y": 200}, "symbol"),
        ({"id": "address", "y": 70}, "address"),
        ({"id": "greeting", "y": 80}, "greeting"),
    ],
)
def test_a_layout_that_overflows_or_collides_with_envelope_or_fold_is_refused(
    tmp_path, element, complaint
):
    layout = layouts.load_file(_own(tmp_path, {"elements": [element]}))
    with pytest.raises(InvalidInput) as caught:
        layouts.check(layout)
    assert complaint in {problem.where for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"sheet": "a3"}, "own.sheet: is 'a3' (one of a4, letter; see layout.schema.json)"),
        ({"pages": "2"}, "own.pages: is not a whole number (it is '2'; see layout.schema.json)"),
        ({"page": 2}, "own.page: is not known here (remove it; see layout.schema.json)"),
        ({"window": "c4"}, "window: is 'c4' (use din-5008-a, din-5008-b, uk-dl, us-10)"),
        ({"fonts": {"sans": ["comic"]}}, "fonts: comic not found (see templates/fonts)"),
        ({"fonts": {"sans": [7]}}, "own.fonts.sans[0]: is not text (it is 7; see layout.sch"),
        ({"colours": {"ink": "black"}}, "colours.ink: 'black' is no colour (write #rrggbb, "),
        ({"styles": {"brand": {"font": "mono"}}}, "styles.brand.font: is 'mono' (use sans, "),
        ({"styles": {"brand": {"kern": 1}}}, "styles.brand.kern: is not true or false (it is 1"),
        ({"styles": {"own": {}}}, "styles.own.font: is missing (add it; see layout.schema.json)"),
        ({"elements": [{"id": "brand", "style": "none"}]}, "brand.style: is 'none' (use "),
        (
            {"elements": [{"id": "brand", "colr": "ink"}]},
            "brand.colr: is not known here (remove",
        ),
        ({"elements": [{"id": "brand", "text": None}]}, "brand.text: is not text (it is None; see"),
        (
            {"elements": [{"id": "brand", "kind": "txt"}]},
            "brand.kind: is 'txt' (one of address, ",
        ),
        ({"elements": [{"id": "mine"}]}, "mine.kind: is missing (add it; see layout.schema.json)"),
        (
            {"elements": [{"id": "offers", "cell": {"parts": [{"id": "title", "x": "0"}]}}]},
            "offers.cell.title.x: is not a number (it is '0'; see layout.schema.json)",
        ),
        (
            {"elements": [{"id": "offers", "cell": {"parts": [{"id": "number", "kind": "box"}]}}]},
            "offers.cell.number.kind: is 'box' (one of picture, rule, text; see ",
        ),
    ],
)
def test_a_faulty_layout_names_element_and_key(tmp_path, changes, problem):
    with pytest.raises(InvalidInput) as caught:
        layouts.load_file(_own(tmp_path, changes))
    assert str(caught.value.problems[0]).startswith(problem)
    assert str(caught.value) == f"layout: {caught.value.problems[0]}"


def test_all_that_is_wrong_in_a_layout_is_said_at_once(tmp_path):
    wrong = [{"id": "brand", "x": "20", "colr": "ink"}, {"id": "issued", "lines": 1.5}]
    with pytest.raises(InvalidInput) as caught:
        layouts.load_file(_own(tmp_path, {"elements": wrong}))
    places = [problem.where for problem in caught.value.problems]
    assert places == ["brand.x", "brand.colr", "issued.lines"]


def test_the_fields_that_are_read_are_those_of_the_schema():
    schema = json.loads((TEMPLATES / "layout.schema.json").read_text(encoding="utf-8"))
    defined = schema["$defs"]
    assert _keys(LayoutFields) == set(schema["properties"]) - {"extends"}
    assert _keys(StyleFields) == set(defined["style"]["properties"])
    assert _keys(CellFields) == set(defined["cell"]["properties"])
    read = set().union(*(_keys(each) for each in get_args(ElementFields)))
    assert read == set(defined["element"]["properties"]) - {"dropped"}
    kinds = {get_args(each.__annotations__["kind"])[0] for each in get_args(ElementFields)}
    assert kinds == set(defined["element"]["properties"]["kind"]["enum"])
    assert set(get_args(LayoutFields.__annotations__["sheet"])) == SHEETS_PT.keys()


def test_a_file_that_holds_no_object_is_no_layout(tmp_path):
    file = tmp_path / "own.json"
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"layout: layout: is not an object \(write it as {...}"):
        layouts.load_file(file)


def _keys(fields_of):
    return {field.name for field in fields(fields_of)}


def test_the_schema_knows_every_key_that_layouts_use():
    schema = json.loads((TEMPLATES / "layout.schema.json").read_text(encoding="utf-8"))
    element = set(schema["$defs"]["element"]["properties"])
    style = set(schema["$defs"]["style"]["properties"])
    top = set(schema["properties"])
    for name in SHIPPED:
        data = json.loads((TEMPLATES / "layouts" / f"{name}.json").read_text(encoding="utf-8"))
        assert set(data) <= top
        for used in data.get("styles", {}).values():
            assert set(used) <= style
        for item in data["elements"]:
            assert set(item) <= element
            for cell in ("cell", "header", "reminder", "offer", "blank"):
                for part in item.get(cell, {}).get("parts", []):
                    assert set(part) <= element


def test_every_language_has_every_phrase():
    phrases = layouts.stationery().phrases
    wanted = set(phrases["en"].texts)
    assert {tag: wanted - set(p.texts) for tag, p in phrases.items()} == {
        tag: set() for tag in phrases
    }
    drafted = set(phrases["en"].draft)
    assert len(drafted) == 7
    assert {tag: drafted - set(p.draft) for tag, p in phrases.items()} == {
        tag: set() for tag in phrases
    }


def test_every_layout_prints_a_draft_in_every_language_without_a_code():
    shipped = zip(layouts.stationery().phrases, cycle(SHIPPED), strict=False)
    for language, name in [*shipped, *(("de", each) for each in SHIPPED)]:
        draft = document(language=language, greeting="").as_draft()
        drawn = pdfium.PdfDocument(render_one(draft, None, layouts.load(name)))
        text = "".join(page.get_textpage().get_text_bounded() for page in drawn)
        assert layouts.stationery().phrases_for(language).draft["draft"] in text
        for page in drawn:
            assert not zxingcpp.read_barcodes(np.asarray(page.render(scale=2).to_pil()))


def test_windows_come_from_the_standards_figures():
    din = layouts.windows()["din-5008-b"]
    assert din.always_visible() == (20, 50, 100, 90)
    assert din.ever_visible() == (10, 45, 110, 95)
    ten = layouts.windows()["us-10"]
    assert [round(edge, 1) for edge in ten.always_visible()] == [22.2, 63.5, 111.1, 80.4]
    assert layouts.windows()["uk-dl"].always_visible() == (20, 57, 100, 81)
    assert replace(din, envelope_h=105).always_visible() == (20, 45, 100, 90)


def test_a_retailer_s_tips_stand_in_for_the_shipped_ones(tmp_path):
    file = tmp_path / "tips.json"
    file.write_text(json.dumps({"en": "Try our bread.", "de": ""}), encoding="utf-8")
    wordings = layouts.wordings(file)
    assert wordings["en"].tip == wordings["en-US"].tip == "Try our bread."
    assert wordings["de"].tip == ""
    assert wordings["fr"].tip == layouts.wordings()["fr"].tip != ""


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"xx": "?"}', "no list speaks xx"),
        ('["Try our bread."]', "is no object of texts by language"),
        ("Try our bread.", "cannot be read as (tips|legal texts)"),
    ],
)
def test_faulty_tips_are_refused(tmp_path, content, complaint):
    file = tmp_path / "tips.json"
    file.write_text(content, encoding="utf-8")
    for given in ({"tips_file": file}, {"legal_file": file}):
        with pytest.raises(InvalidInput, match=complaint):
            layouts.wordings(**given)


def test_every_tip_and_reason_fits_every_layout():
    for language, wording in layouts.wordings().items():
        data = layouts.samples().get(language)
        if data is None:
            continue
        sample = sample_piece(
            data, masthead=layouts.masthead(LETTERS, SAMPLE_DAY), language=language
        )
        often = wording.say("every_months", count=10)
        day = wording.days.short(date(2026, 9, 28))
        reasons = cycle(
            [wording.say("often_last", often=often, day=day), wording.say("once", day=day)]
            + [
                wording.say(key)
                for key in (
                    "lapsed",
                    "once_only",
                    "discovery",
                    "said_sooner",
                    "said_favourite",
                    "said_about_us",
                )
            ]
        )
        lines = tuple(
            replace(line, reason=reason)
            for line, reason in zip(sample.document.reminders, reasons, strict=False)
        )
        doc = replace(sample.document, tip=wording.tip, reminders=lines)
        for name in SHIPPED:
            layout = layouts.load(name)
            assert Checker(layout).problems(replace(sample, document=doc)) == ()


@pytest.mark.parametrize("name", layouts.names())
def test_a_second_piece_at_a_part_of_its_price_is_printable_in_every_language(name: str) -> None:
    trial = PrintTrial(layouts.load(name))
    for language, wording in layouts.wordings().items():
        get = wording.say("get_percent", count=1, percent="12,5\u00a0%")
        text = wording.say("buy_get", buy=wording.say("buy", count=2), get=get)
        assert trial.fault_of("value", text, language=language) is None, text
