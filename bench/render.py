"""How fast lists are printed: CPU per page beside a hand-assembled page of the same content.

    uv run python bench/render.py                  # the compact page, Latin, pictures, Chinese
    uv run python bench/render.py --pieces 100000 --only memory
    uv run --with fpdf2 --with weasyprint python bench/render.py --only others

Every figure of one run is taken in the same process, the contestants in turns; the best rounds
are compared, and the middle ratio is shown beside. The hand-assembled page knows every position
beforehand: what stands alike on every page is one form, the rest one template filled with escaped
texts; the same words, bars, font subsets and compression, one byte a character where Latin allows
it, and no fitting, kerning, tags or columns. CPU time only means something on a quiet machine.
"""

import argparse
import importlib
import io
import multiprocessing
import random
import resource
import statistics
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from service.engine.codes import gcn, list_code
from service.engine.content import Pictogram
from service.engine.money import format_money
from service.engine.records import Address, ListDocument, Mailpiece, OfferLine, ReminderLine
from service.engine.render import SymbolProfile, render_batch
from service.engine.render.pictograms import rounded
from service.engine.render.symbols import Symbol, make_symbol
from service.files import layouts

GCN = gcn("952123400001")
RESOLVER = "https://id.gs1.org"
COMPRESSION = (12, 6)
"""Window bits and memory level, as the product sets them."""
OFFERS = 200
LATIN_FONTS = ["larder-sans-regular", "larder-sans-semibold", "larder-serif-semibold"]
LATIN = [
    "Amber",
    "Birch",
    "Cedar",
    "Dairy",
    "Early",
    "Fresh",
    "Garden",
    "Harvest",
    "Island",
    "Juniper",
    "Kitchen",
    "Lemon",
]
HAN = [
    "新鲜", "有机", "农家", "特选", "家庭", "传统", "北方", "南方", "阳光", "山谷", "清泉", "四季",
]  # fmt: skip
HAN_GOODS = ["大米", "面条", "牛奶", "鸡蛋", "豆腐", "茶叶", "酱油", "苹果", "面包", "果汁"]
GOODS = [
    "Cheese",
    "Yogurt",
    "Coffee",
    "Bread",
    "Chicken",
    "Pasta",
    "Oil",
    "Water",
    "Towels",
    "Spinach",
    "Berries",
    "Milk",
]


Out = Any
"""A binary file, or a `Sink`."""


class Sink(io.RawIOBase):
    """Counts what is written and keeps nothing."""

    def __init__(self) -> None:
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)


@cache
def photographs() -> dict[str, bytes]:
    """A small picture for each of the 200 offers, by a name in the place of its digest."""
    made: dict[str, bytes] = {}
    for number in range(OFFERS):
        colour = (60 + number % 190, 40 + 7 * number % 200, 30 + 13 * number % 220)
        out = io.BytesIO()
        Image.new("RGB", (120, 160), colour).save(out, "JPEG", quality=85)
        made[f"picture-{number}"] = out.getvalue()
    return made


def pieces(
    count: int, *, chinese: bool, pictured: bool = False, seed: int = 1
) -> Iterator[Mailpiece]:
    """Lists of 12 offers out of 200 and 12 reminders out of 4,000 products, one per household."""
    fixed = random.Random(99)
    words, goods = (HAN, HAN_GOODS) if chinese else (LATIN, GOODS)
    gap = "" if chinese else " "
    language, currency = ("zh", "CNY") if chinese else ("en-US", "USD")
    departments = words[:8]
    kinds = [*Pictogram]
    offers = [
        OfferLine(
            line=0,
            offer_id=number,
            title=gap.join((*fixed.sample(words, 2), fixed.choice(goods))),
            detail=gap.join(fixed.sample(words, 3)),
            face_value_cents=100,
            value_text=format_money(fixed.randrange(25, 500), currency, "en"),
            department=fixed.choice(departments),
            legal="",
            picture=f"picture-{number}" if pictured else None,
            pictogram=kinds[number % len(kinds)],
        )
        for number in range(OFFERS)
    ]
    products = [
        (
            fixed.choice(goods),
            gap.join((*fixed.sample(words, 2), fixed.choice(goods))),
            fixed.choice(departments),
            fixed.randrange(99, 1500),
        )
        for _ in range(4000)
    ]
    rng = random.Random(seed)
    for number in range(1, count + 1):
        mine = tuple(
            replace(offer, line=line) for line, offer in enumerate(rng.sample(offers, 12), 1)
        )
        reminders = []
        for line in range(13, 25):
            item, product, department, price = rng.choice(products)
            reminders.append(
                ReminderLine(
                    line=line,
                    item_id=line,
                    item=item,
                    product=product,
                    department=department,
                    price_cents=price,
                    expected_on=date(2026, 12, 1) + timedelta(days=rng.randrange(14)),
                    reason=f"{rng.randrange(3, 60)}",
                )
            )
        yield Mailpiece(
            piece_id=f"P{number:07d}",
            seq=number,
            address=Address(
                name=gap.join(rng.sample(words, 2)),
                street=f"{rng.randrange(1, 9999)} {gap.join(rng.sample(words, 2))}",
                extra="",
                postcode=f"{rng.randrange(10**5):05d}",
                city=rng.choice(words),
                region="IL",
                country="US",
            ),
            document=ListDocument(
                list_code=list_code(GCN, f"{rng.randrange(10**12):012d}"),
                language=language,
                currency=currency,
                retailer=gap.join(words[:2]),
                greeting=gap.join(rng.sample(words, 3)),
                issued_on=date(2026, 11, 24),
                valid_from=date(2026, 11, 30),
                valid_to=date(2026, 12, 13),
                offers=mine,
                reminders=tuple(reminders),
                worth_cents=1200,
                tip="",
                legal=gap.join(words),
            ),
        )


def bars_of(made: Symbol) -> list[tuple[int, int]]:
    """First module and modules of each bar."""
    numbers = [int(word) for word in made.ops.split() if word != b"re"]
    return list(zip(numbers[::4], numbers[2::4], strict=True))


def by_larder(given: Sequence[Mailpiece], out: Out, layout: str = "compact-letter") -> None:
    """The product."""
    render_batch(
        given, layouts.load(layout), out, title="Lists", language="en", pictures=photographs()
    )


def texts_of(piece: Mailpiece) -> list[str]:
    """The texts of the compact page that differ from list to list, in the template's order."""
    document, address = piece.document, piece.address
    currency = document.currency
    texts = [
        address.name,
        address.street,
        f"{address.city}, {address.region} {address.postcode}",
        format_money(document.worth_cents, currency, "en"),
        document.greeting,
        f"{piece.seq:06d}",
    ]
    for offer in document.offers:
        texts += (str(offer.line), offer.title, offer.detail, offer.value_text)
    for line in document.reminders:
        price, day = line.price_cents or 0, line.expected_on
        texts += (
            line.item,
            line.product,
            format_money(price, currency, "en"),
            f"{MONTHS[day.month]} {day.day}",
        )
    texts += dict.fromkeys([line.department for line in document.reminders])
    return texts


def fixed_of(piece: Mailpiece) -> list[str]:
    """What stands alike on every page of a file."""
    document = piece.document
    return [
        document.retailer,
        "November 24, 2026",
        "worth up to",
        "Valid from November 30, 2026",
        "to December 13, 2026",
        "Your offers",
        "Shopping list",
        "Offers end on December 13, 2026",
        document.legal,
    ]


def all_texts_of(piece: Mailpiece) -> list[str]:
    """Every text of the compact page."""
    return [*fixed_of(piece), *texts_of(piece)]


MONTHS = {11: "Nov", 12: "Dec"}
"""Of the days that lines are expected on."""


@cache
def _template(count: int) -> bytes:
    """Text operators at fixed places for so many texts; `%b` stands for each."""
    ops = []
    for number in range(count):
        x, y = 57 + 130 * (number % 4), 740 - 5.5 * number
        font = b"/F%d" % (number % 3 + 1)
        ops.append(b"0.1 g BT %b 9.5 Tf %.1f %.1f Td(%%b)Tj ET" % (font, x, y))
    return b"\n".join(ops)


def _rules() -> bytes:
    """Hairlines, tick boxes, tiles, cards and badges, which stand at fixed places."""
    return b"\n".join(
        [
            b"0.78 g %.2f %.2f %.2f 0.43 re f" % (57, 700 - 12 * number, 237.8)
            for number in range(32)
        ]
        + [
            b"0.95 g %b f" % rounded(57 + 20 * number, 300, 30, 30, 6)
            for number in range(PLACES + 3)
        ]
    )


@cache
def _places() -> bytes:
    """The pictures of the offers at fixed places; `%b` stands for the name of each."""
    return b"\n".join(
        b"q 29.5 0 0 29.5 %.2f %.2f cm /%%b Do Q" % (57 + 20 * number, 300 + number)
        for number in range(PLACES)
    )


PLACES = 12
"""Offers of a list, each with a picture."""


class Hand:
    """A PDF written object by object for this one page: the bound to compare with.

    All that stands alike on every page is one form. Latin text takes one byte a character. Each
    picture is in the file once.
    """

    def __init__(self, out: Out, *, wide: bool) -> None:
        self._out = out
        self._offsets: list[int] = [0] * 3
        self._position = out.write(b"%PDF-1.7\n")
        self._wide = wide
        self._used: set[str] = set("0123456789()")
        self._pictures: dict[str, bytes] = {}
        self._objects: list[int] = []

    def print(self, given: Sequence[Mailpiece]) -> None:
        form = _template(9) % tuple(map(self._shown, fixed_of(given[0]))) + _rules()
        self._stream(b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources 3 0 R", form)
        kids = []
        for piece in given:
            kids.append(self._page(piece))
        self._close(kids)

    def _shown(self, text: str) -> bytes:
        self._used.update(text)
        raw = text.encode("utf-16-be") if self._wide else text.encode("latin-1")
        return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")

    def _page(self, piece: Mailpiece) -> int:
        made = make_symbol(piece.document.list_code, SymbolProfile.GS1_128, resolver=RESOLVER)
        shown = [self._shown(text) for text in (*texts_of(piece), made.human)]
        names = tuple(
            self._pictures.get(offer.picture or offer.pictogram)
            or self._picture(offer.picture, offer.pictogram)
            for offer in piece.document.offers
        )
        content = b"/A Do %b\n%b\nq 0 g 0.96 0 0 45 340 60 cm %b f Q" % (
            _template(len(shown)) % tuple(shown),
            _places() % names,
            made.ops,
        )
        number = self._stream(b"", content)
        return self._put(
            b"<</Type/Page/Parent 1 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources 3 0 R>>"
            % number
        )

    def _picture(self, picture: str | None, pictogram: str) -> bytes:
        """The name of a picture, or a pictogram, which is written at its first use."""
        if picture is None:
            ops = layouts.stationery().pictograms.ops(
                pictogram, colour=b"0.5 0.1 0.1 rg", tint=b"0.9 0.8 0.8 rg"
            )
            form = b"/Type/XObject/Subtype/Form/BBox[0 0 48 48]/Matrix[0.021 0 0 0.021 0 0]"
            number = self._stream(form, ops)
        else:
            data = photographs()[picture]
            number = self._put(
                b"<</Type/XObject/Subtype/Image/Width 120/Height 160/ColorSpace/DeviceRGB"
                b"/BitsPerComponent 8/Filter/DCTDecode/Length %d>>stream\n%b\nendstream"
                % (len(data), data)
            )
        name = b"P%d" % len(self._pictures)
        self._pictures[picture or pictogram] = name
        self._objects.append(number)
        return name

    def _stream(self, entries: bytes, data: bytes) -> int:
        packer = zlib.compressobj(1, zlib.DEFLATED, *COMPRESSION)
        data = packer.compress(data) + packer.flush()
        return self._put(
            b"<<%b/Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (entries, len(data), data)
        )

    def _put(self, body: bytes, number: int = 0) -> int:
        if not number:
            self._offsets.append(0)
            number = len(self._offsets)
        data = b"%d 0 obj%b endobj\n" % (number, body)
        self._offsets[number - 1] = self._position
        self._out.write(data)
        self._position += len(data)
        return number

    def _font(self, name: str) -> int:
        """The same subset as the product embeds, by characters' codes."""
        face = layouts.stationery().faces[name]
        subset = face.subset({*map(ord, self._used)} & face.widths.keys())
        program = self._stream(b"/Length1 %d" % len(subset.data), subset.data)
        glyphs = bytearray(2 * (max(subset.glyphs) + 1))
        for code, glyph in subset.glyphs.items():
            glyphs[2 * code : 2 * code + 2] = glyph.to_bytes(2, "big")
        numbers = self._stream(b"", bytes(glyphs))
        descriptor = self._put(
            b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0"
            b"/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>"
            % (
                name.encode(),
                *face.bbox,
                *face.metrics,
                program,
            )
        )
        widths = b"".join(b"%d[%d]" % (code, face.widths[code]) for code in sorted(subset.glyphs))
        inner = self._put(
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%b/FontDescriptor %d 0 R/W[%b]"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            b"/CIDToGIDMap %d 0 R>>" % (name.encode(), descriptor, widths, numbers)
        )
        encoding = b"/Identity-H"
        if not self._wide:
            encoding = b" %d 0 R" % self._stream(
                b"/Type/CMap/CMapName/Byte/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
                b"/Supplement 0>>",
                b"begincmap /CMapName/Byte def 1 begincodespacerange<00><ff>endcodespacerange "
                b"1 begincidrange<00><ff>0 endcidrange endcmap",
            )
        return self._put(
            b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding%b/DescendantFonts[%d 0 R]>>"
            % (name.encode(), encoding, inner)
        )

    def _close(self, kids: Sequence[int]) -> None:
        names = ["larder-han-regular"] if self._wide else LATIN_FONTS
        fonts = [self._font(name) for name in names]
        shown = b"".join(b"/F%d %d 0 R" % (n + 1, fonts[n % len(fonts)]) for n in range(3))
        drawn = b"".join(
            b"/%b %d 0 R" % pair
            for pair in zip(self._pictures.values(), self._objects, strict=True)
        )
        self._put(b"<</Font<<%b>>/XObject<</A 4 0 R%b>>>>" % (shown, drawn), 3)
        self._put(b"<</Type/Catalog/Pages 1 0 R>>", 2)
        refs = b" ".join([b"%d 0 R" % kid for kid in kids])
        self._put(b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(kids), refs), 1)
        self._out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(self._offsets) + 1))
        self._out.write(b"".join([b"%010d 00000 n \n" % offset for offset in self._offsets]))
        self._out.write(
            b"trailer<</Size %d/Root 2 0 R>>\nstartxref\n%d\n%%%%EOF"
            % (len(self._offsets) + 1, self._position)
        )


def by_hand(given: Sequence[Mailpiece], out: Out, *, wide: bool = False) -> None:
    """The reference."""
    Hand(out, wide=wide).print(given)


def by_canvas(given: Sequence[Mailpiece], out: Out) -> None:
    """reportlab's canvas, one drawString per text."""
    canvas = Canvas(out, pagesize=(612, 792), pageCompression=1)
    for piece in given:
        made = make_symbol(piece.document.list_code, SymbolProfile.GS1_128, resolver=RESOLVER)
        for number in range(44):
            canvas.rect(57, 700 - 12 * number, 237.8, 0.43, stroke=0, fill=1)
        canvas.setFont("Helvetica", 9.5)
        for number, text in enumerate(all_texts_of(piece)):
            canvas.drawString(57 + 130 * (number % 4), 740 - 5.5 * number, text)
        for at, run in bars_of(made):
            canvas.rect(340 + 0.96 * at, 60, 0.96 * run, 45, stroke=0, fill=1)
        canvas.drawString(350, 50, made.human)
        canvas.showPage()
    canvas.save()


def by_fpdf(given: Sequence[Mailpiece], out: Out) -> None:
    """fpdf2, one text call per text."""
    document = importlib.import_module("fpdf").FPDF(unit="pt", format=(612, 792))
    for piece in given:
        made = make_symbol(piece.document.list_code, SymbolProfile.GS1_128, resolver=RESOLVER)
        document.add_page()
        for number in range(44):
            document.rect(57, 92 + 12 * number, 237.8, 0.43, style="F")
        document.set_font("Helvetica", size=9.5)
        for number, text in enumerate(all_texts_of(piece)):
            if text:
                document.text(57 + 130 * (number % 4), 52 + 5.5 * number, text)
        for at, run in bars_of(made):
            document.rect(340 + 0.96 * at, 687, 0.96 * run, 45, style="F")
        document.text(350, 742, made.human)
    out.write(bytes(document.output()))


def by_weasyprint(given: Sequence[Mailpiece], out: Out) -> None:
    """WeasyPrint, absolutely placed spans and an SVG symbol."""
    pages = []
    for piece in given:
        made = make_symbol(piece.document.list_code, SymbolProfile.GS1_128, resolver=RESOLVER)
        spans = "".join(
            f'<p style="left:{57 + 130 * (n % 4)}pt;top:{52 + 5.5 * n}pt">{text}</p>'
            for n, text in enumerate(all_texts_of(piece))
        )
        bars = "".join(f'<rect x="{at}" width="{run}" height="45"/>' for at, run in bars_of(made))
        pages.append(f'<section>{spans}<svg width="192pt" height="45pt">{bars}</svg></section>')
    style = (
        "@page{size:612pt 792pt;margin:0}section{break-after:page;position:relative;height:790pt}"
        "p{position:absolute;margin:0;font:9.5pt sans-serif;white-space:nowrap}"
    )
    html = importlib.import_module("weasyprint").HTML(
        string=f"<style>{style}</style>{''.join(pages)}"
    )
    html.write_pdf(out)


def milliseconds(make: Callable[[], None], pages: int) -> float:
    """CPU per page of one round."""
    start = time.process_time()
    make()
    return (time.process_time() - start) * 1000 / pages


def compare(count: int, rounds: int) -> None:
    """The product beside the hand-assembled page, in turns."""
    for name, chinese, pictured, bound in (
        ("Latin", False, False, 1.4),
        ("pictures", False, True, 1.5),
        ("Chinese", True, False, 2.5),
    ):
        given = list(pieces(count, chinese=chinese, pictured=pictured))
        ours: list[float] = []
        hand: list[float] = []
        by_larder(given[:50], Sink())
        for _ in range(rounds):
            ours.append(milliseconds(lambda: by_larder(given, Sink()), count))  # noqa: B023
            hand.append(
                milliseconds(lambda: by_hand(given, Sink(), wide=chinese), count)  # noqa: B023
            )
        middle = statistics.median(a / b for a, b in zip(ours, hand, strict=True))
        say(
            f"{name:8} {count} pages, {rounds} rounds: larder {min(ours):.3f} ms, by hand "
            f"{min(hand):.3f} ms, ratio {min(ours) / min(hand):.2f} of the best rounds, "
            f"{middle:.2f} in the middle (at most {bound})"
        )


def others(count: int) -> None:
    """What other ways of making the same page cost."""
    given = list(pieces(count, chinese=False))
    ways: list[tuple[str, Callable[..., None], int]] = [
        ("by hand", by_hand, count),
        ("larder", by_larder, count),
        ("canvas drawString", by_canvas, count),
        ("fpdf2", by_fpdf, max(1, count // 5)),
        ("WeasyPrint", by_weasyprint, max(1, count // 100)),
    ]
    for name, make, size in ways:
        try:
            spent = milliseconds(lambda: make(given[:size], Sink()), size)  # noqa: B023
        except ModuleNotFoundError as error:
            say(f"{name:18} not measured: {error}")
            continue
        say(f"{name:18} {spent:8.3f} ms a page ({size} pages)")


def memory(count: int) -> None:
    """Peak memory of one file; run alone, since the peak is the process's."""
    sink: Out = Sink()
    start = time.process_time()
    render_batch(
        pieces(count, chinese=False),
        layouts.load("compact-letter"),
        sink,
        title="Lists",
        language="en",
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spent = (time.process_time() - start) * 1000 / count
    say(
        f"{count} pieces in one file: peak {peak:.0f} MB, {sink.size / 2**20:.0f} MB of PDF,"
        f" {spent:.3f} ms a piece with making the lists"
    )


def _part(number: int, count: int) -> tuple[float, float]:
    """Wall and CPU seconds that one part took."""
    given = list(pieces(count, chinese=False, seed=number))
    by_larder(given[:50], Sink())
    wall, spent = time.perf_counter(), time.process_time()
    by_larder(given, Sink())
    return time.perf_counter() - wall, time.process_time() - spent


def scaling(count: int, processes: int) -> None:
    """Pieces a second over processes against one process, by wall clock and by CPU time.

    By wall clock it only means something when nothing else runs; by CPU time it shows what the
    parts cost each other in caches and memory.
    """
    context = multiprocessing.get_context("spawn")
    rates: dict[int, list[float]] = {}
    for workers in (1, processes):
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            spent = list(pool.map(_part, range(workers), [count] * workers))
        rates[workers] = [
            sum(count / seconds for seconds in kind) for kind in zip(*spent, strict=True)
        ]
        say(f"{workers} processes: {rates[workers][0]:.0f} pieces a second")
    wall, cpu = (
        many / one / processes for one, many in zip(rates[1], rates[processes], strict=True)
    )
    say(f"scaling over {processes}: {wall:.0%} by wall clock, {cpu:.0%} by CPU time")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pieces", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", choices=["compare", "others", "memory", "scaling"])
    given = parser.parse_args()
    if given.only in (None, "compare"):
        compare(given.pieces, given.rounds)
    if given.only in (None, "others"):
        others(given.pieces)
    if given.only in (None, "scaling"):
        scaling(given.pieces, given.processes)
    if given.only in (None, "memory"):
        memory(given.pieces)
