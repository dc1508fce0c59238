import io
import re
from dataclasses import replace

import pikepdf
import pypdfium2 as pdfium

from service.engine.render import Checker, Sender, render_batch, render_one
from service.files import layouts
from tests.engine.render.lists import ADDRESS, document, piece


def _page_texts(data):
    return [
        page.get_textpage().get_text_range().replace("\u00a0", " ")
        for page in pdfium.PdfDocument(data)
    ]


def _render_one(doc, name="classic-a4", **how):
    return render_one(doc, ADDRESS, layouts.load(name), **how)


def test_departments_follow_the_stores_walking_order():
    plain = _page_texts(_render_one(document(offers=6, reminders=6)))[1]
    assert plain.index("DAIRY") < plain.index("BAKERY") < plain.index("PRODUCE")
    walked = _page_texts(
        _render_one(document(offers=6, reminders=6), departments=("Produce", "Bakery"))
    )[1]
    assert walked.index("PRODUCE") < walked.index("BAKERY") < walked.index("DAIRY")


def test_each_offers_terms_stand_once_by_their_numbers():
    doc = document(offers=3)
    first, second, third = doc.offers
    doc = replace(
        doc,
        offers=(
            replace(first, legal="Limit 1."),
            replace(second, legal="Limit 2."),
            replace(third, legal="Limit 1."),
        ),
    )
    back = _page_texts(_render_one(doc))[1]
    assert "valid once per list. Offers 1, 3: Limit 1. Offer 2: Limit 2." in back
    same = replace(doc, offers=tuple(replace(o, legal="Limit 1.") for o in doc.offers))
    assert "valid once per list. Limit 1." in _page_texts(_render_one(same))[1]


def test_a_list_without_greeting_tip_offers_or_price_is_still_a_page():
    doc = replace(document(offers=0), greeting="", tip="")
    doc = replace(doc, reminders=(replace(doc.reminders[0], price_cents=None),))
    front, back = _page_texts(_render_one(doc))
    assert "Your next shopping list" in front
    assert "Your offers" not in front
    assert "Good to know" not in back


def test_twelve_and_twelve_fit_every_layout():
    for name in layouts.names():
        pages = _page_texts(_render_one(document(offers=12, reminders=12), name))
        text = "\n".join(pages)
        for n in range(1, 13):
            assert f"Milk {n}\r\n" in text or f"Milk {n} " in text or f"Milk {n}\n" in text


def test_long_lists_of_large_print_run_over_to_the_next_page():
    short = _page_texts(_render_one(document(offers=4, reminders=2), "large-print-a4"))
    long = _page_texts(_render_one(document(reminders=12), "large-print-a4"))
    assert "Milk" not in short[3]
    assert "Shopping list" not in short[3]
    assert (
        len([*re.finditer(r"Milk \d+", long[2])]) + len([*re.finditer(r"Milk \d+", long[3])]) >= 12
    )


def test_without_an_address_the_window_stays_empty():
    assert "Whitfield\r\nApt 3B" in _page_texts(_render_one(document()))[0]
    bare = render_one(document(), None, layouts.load("classic-a4"))
    assert "Juniper" not in _page_texts(bare)[0]


def test_an_address_from_abroad_ends_with_its_country():
    sender = Sender("Larder · Leipzig", "Larder · Leipzig · GERMANY", countries={"US": "USA"})
    front = _page_texts(_render_one(document(), sender=sender))[0]
    assert "SPRINGFIELD, IL 62704\r\nUSA" in front
    assert "Larder · Leipzig · GERMANY" in front
    at_home = replace(sender, domestic=frozenset({"US"}))
    front = _page_texts(_render_one(document(), sender=at_home))[0]
    assert "USA" not in front
    assert "GERMANY" not in front


def test_dates_and_amounts_follow_the_language():
    expected = {
        "en-US": ("November\u00a030, 2026", "$3.00"),
        "en-GB": ("30\u00a0November 2026", "$3.00"),
        "de": ("30.\u00a0November 2026", "3,00\u00a0$"),
        "fr": ("30\u00a0novembre 2026", "3,00\u00a0$"),
        "el": ("30\u00a0Νοεμβρίου 2026", "3,00\u00a0$"),
        "ru": ("30\u00a0ноября 2026\u00a0г.", "3,00\u00a0$"),
        "uk": ("30\u00a0листопада 2026\u00a0р.", "3,00\u00a0$"),
        "zh": ("2026年11月30日", "$3.00"),
        "it": ("30\u00a0novembre 2026", "3,00\u00a0$"),
        "pt": ("30\u00a0de\u00a0novembro de 2026", "3,00\u00a0$"),
        "pt-BR": ("30\u00a0de\u00a0novembro de 2026", "$\u00a03,00"),
        "ja": ("2026年11月30日", "$3.00"),
        "ko": ("2026년\u00a011월\u00a030일", "$3.00"),
        "ar": ("30\u00a0نوفمبر 2026", "\u200f3.00\u00a0\u200f$"),
        "he": ("30\u00a0בנובמבר 2026", "\u200f3.00\u00a0\u200f$"),
        "th": ("30\u00a0พฤศจิกายน 2569", "$3.00"),
    }
    for language, (day, amount) in expected.items():
        stationery = layouts.stationery()
        phrases = stationery.phrases_for(language)
        assert phrases.days.long(document().valid_from) == day
        assert phrases.money_text(300, "USD") == amount
    assert stationery.phrases_for("zh").money_text(123450, "CNY") == "¥1,234.50"
    assert stationery.phrases_for("ru").money_text(123450, "RUB") == "1\u00a0234,50\u00a0₽"


def test_bars_begin_on_a_printer_dot():
    _, data = _render_batch(1)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        content = pdf.pages[0].Contents.read_bytes()
    numbers = re.search(rb"q 0 g ([\d.]+) 0 0 ([\d.]+) ([\d.]+) ([\d.]+) cm", content).groups()
    for number in map(float, numbers):
        dots = number / 72 * 300
        assert abs(dots - round(dots)) < 0.03


def test_lines_are_one_tagged_block_on_paper_and_each_by_itself_for_a_household():
    _, paper = _render_batch(1)
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        kinds = [str(kid.S) for kid in pdf.Root.StructTreeRoot.K.K[0].K]
        assert "/L" not in kinds
        assert "/Figure" in kinds
    with pikepdf.open(io.BytesIO(_render_one(document()))) as pdf:
        kids = [*pdf.Root.StructTreeRoot.K.K[0].K]
        lists = [kid for kid in kids if kid.S == "/L"]
        assert [len(found.K) for found in lists] == [3, 2, 2, 2]
        figure = next(kid for kid in kids if kid.S == "/Figure")
        assert str(figure.Alt) == "(255)9521234000013382915604417"


def test_pages_do_not_depend_on_what_else_is_printed():
    _, alone = _render_batch(1)
    _, together = _render_batch(3)
    with pikepdf.open(io.BytesIO(alone)) as one, pikepdf.open(io.BytesIO(together)) as many:
        for page in (0, 1):
            first, second = (pdf.pages[page].Contents.read_bytes() for pdf in (one, many))
            assert _renumbered(first) == _renumbered(second)


def _renumbered(content):
    """A page with the names of what it draws in order: in a file they are in that of writing."""
    names = {}
    return re.sub(rb"/(\w+) Do", lambda m: b"/%d Do" % names.setdefault(m[1], len(names)), content)


def _render_batch(count, **how):
    out = io.BytesIO()
    pieces = [piece(n) for n in range(1, count + 1)]
    located = render_batch(
        pieces, layouts.load("classic-a4"), out, title="Lists", language="en-US", **how
    )
    return located, out.getvalue()


def test_a_symbol_without_room_for_its_quiet_zones_is_refused():
    layout = layouts.load("classic-a4")
    narrow = replace(
        layout,
        elements=tuple(
            replace(element, w=70) if element.id == "symbol" else element
            for element in layout.elements
        ),
    )
    (problem,) = Checker(narrow).problems(piece(1))
    assert problem.where == "piece P000001, element symbol"
    assert problem.detail == ("a gs1_128 symbol needs 74.5 x 25.0 mm with its quiet zones")
