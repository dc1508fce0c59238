"""Checks a printed file as a mailing house would: draws pages, reads symbols, measures texts."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import zxingcpp

from service.engine.codes import parse_list_code
from service.engine.render import Window
from service.engine.render.page_counts import read_counts, write_counts
from service.engine.render.symbols import SymbolProfile
from service.errors import InvalidInput, LarderError, NotFound, Problem
from service.files.layouts import windows

_MM = 72 / 25.4
_SLACK_MM = 0.3
_FORMATS = {
    SymbolProfile.GS1_128: (zxingcpp.BarcodeFormat.Code128, "]C1"),
    SymbolProfile.CODE128: (zxingcpp.BarcodeFormat.Code128, "]C0"),
    SymbolProfile.EAN13: (zxingcpp.BarcodeFormat.EAN13, "]E0"),
    SymbolProfile.QR: (zxingcpp.BarcodeFormat.QRCode, "]Q"),
    SymbolProfile.DATABAR_EXPANDED: (zxingcpp.BarcodeFormat.DataBarExp, "]e0"),
}
_CHUNK = 200
"""Pieces checked per task; a task opens the file itself, which bounds what pdfium holds."""


@dataclass(frozen=True, slots=True)
class PrintInfo:
    """What the service wrote into the information dictionary of a PDF. Lengths are in mm."""

    layout: str
    page_counts: tuple[int, ...]
    """How many pages each piece has, in order."""
    profile: SymbolProfile
    safe_mm: float
    window: Window | None
    title: str

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return len(self.page_counts)


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a check. `codes` are the list codes of the checked pieces in order."""

    path: Path
    pages: int
    pieces: int
    checked: int
    codes: tuple[str, ...]
    problems: tuple[Problem, ...] = field(default=())

    @property
    def clean(self) -> bool:
        """Whether the check found no problem."""
        return not self.problems


def verify(
    path: Path,
    *,
    dpi: int = 300,
    sample: int | None = None,
    expected: Sequence[str] | None = None,
    executor: Executor | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Rasterise a file and check its symbols, fonts, page count, safe areas and window.

    `sample` is how many pieces to check, spread evenly over the file; None checks all. `expected`
    are the list codes in piece order, if known. `executor` runs the checks, if given;
    `progress` is called with how many pieces are checked. Raises
    InvalidInput when the file is not a PDF that this service made, NotFound when there is none.
    """
    info, pages = read_print_info(path)
    problems: list[Problem] = []
    if pages != sum(info.page_counts):
        said = f"has {pages} pages for {info.pieces} pieces of {write_counts(info.page_counts)}"
        problems.append(Problem(path.name, said, "print it again"))
    if expected is not None and len(expected) != info.pieces:
        problems.append(Problem(path.name, f"holds {info.pieces} pieces, not {len(expected)}"))
    complete = sum(end <= pages for end in accumulate(info.page_counts))
    numbers = _spread_numbers(complete, sample)
    chunks = [numbers[at : at + _CHUNK] for at in range(0, len(numbers), _CHUNK)]
    check = partial(check_pieces, path, info=info, dpi=dpi)
    found = executor.map(check, chunks) if executor is not None else map(check, chunks)
    codes: list[str] = []
    for texts, faults in found:
        codes += texts
        problems += faults
        if progress is not None:
            progress(len(codes))
    if expected is not None:
        problems += _mismatches(info, numbers, codes, expected)
    repeated = len(codes) - len({code for code in codes if code}) - codes.count("")
    if repeated > 0:
        problems.append(Problem(path.name, f"{repeated} symbols repeat an earlier one"))
    return Verification(
        path=path,
        pages=pages,
        pieces=info.pieces,
        checked=len(numbers),
        codes=tuple(codes),
        problems=tuple(problems),
    )


def proofread(path: Path, codes: Sequence[str], *, sample: int, dpi: int = 300) -> None:
    """Check `sample` pieces of a file while it is published; 0 checks none.

    `codes` are the list codes in piece order. Raises InvalidInput with every problem found.
    """
    if sample == 0:
        return
    verdict = verify(path, dpi=dpi, sample=sample, expected=codes)
    if not verdict.clean:
        raise InvalidInput(
            "%(name)s was printed and cannot be read back; it is not published.",
            verdict.problems,
            name=path.name,
        )


def read_print_info(file: Path | bytes, name: str = "") -> tuple[PrintInfo, int]:
    """The information of a file, and its number of pages; bytes have a `name`."""
    name = name if isinstance(file, bytes) else file.name
    document = _open_pdf(file, name)
    try:
        values = {key: _metadata(document, f"Larder{key}") for key in _KEYS}
        if not values["Layout"]:
            raise InvalidInput("%(name)s was not printed by this service", name=name)
        info = PrintInfo(
            layout=values["Layout"],
            page_counts=read_counts(values["PagesPerPiece"], pieces=int(values["Pieces"])),
            profile=SymbolProfile(values["Symbol"]),
            safe_mm=float(values["Safe"]),
            window=windows().get(values["Window"]),
            title=_metadata(document, "Title"),
        )
        return info, len(document)
    finally:
        document.close()


def check_pieces(
    path: Path, numbers: Sequence[int], *, info: PrintInfo, dpi: int
) -> tuple[list[str], list[Problem]]:
    """Check the pieces with these numbers (from 0); the code of each, empty when unreadable."""
    document = _open_pdf(path, path.name)
    codes: list[str] = []
    problems: list[Problem] = []
    fonts: set[str] = set()
    try:
        for number in numbers:
            first = sum(info.page_counts[:number])
            found: list[str] = []
            for at in range(first, first + info.page_counts[number]):
                page = document[at]
                where = f"{path.name}, page {at + 1}"
                texts = _texts(page)
                problems += _safe_area_faults(texts, page, info, where)
                if at == first and info.window is not None:
                    problems += _window_faults(texts, info.window, where)
                problems += _font_faults(page, fonts, where)
                found += _decode(page, info.profile, dpi)
                page.close()
            if len(found) != 1:
                detail = f"has {len(found)} readable {info.profile} symbols at {dpi} dpi, not 1"
                problems.append(Problem(f"{path.name}, piece {number + 1}", detail))
            codes.append(found[0] if len(found) == 1 else "")
    finally:
        document.close()
    return codes, problems


_KEYS = ("Layout", "Pieces", "PagesPerPiece", "Symbol", "Safe", "Window")


@dataclass(frozen=True, slots=True)
class _Text:
    """One line of text on a page and its box in mm from the top left corner."""

    text: str
    box: tuple[float, float, float, float]


def _open_pdf(file: Path | bytes, name: str) -> Any:
    try:
        return pdfium.PdfDocument(file)
    except FileNotFoundError:
        raise NotFound(
            f"There is no file {Path(str(file)).absolute()}; give the path of a PDF of a published"
            " batch."
        ) from None
    except pdfium.PdfiumError as error:
        raise InvalidInput(
            "%(name)s cannot be opened as a PDF: %(reason)s", name=name, reason=str(error)
        ) from error


def _metadata(document: Any, key: str) -> str:
    value: str = document.get_metadata_value(key)
    return value


def _spread_numbers(count: int, sample: int | None) -> list[int]:
    if sample is None or sample >= count:
        return list(range(count))
    return sorted({round(place * (count - 1) / max(1, sample - 1)) for place in range(sample)})


def _decode(page: Any, profile: SymbolProfile, dpi: int) -> list[str]:
    """The digits of every symbol of the profile on the page."""
    kind, prefix = _FORMATS[profile]
    image = page.render(scale=dpi / 72, grayscale=True).to_numpy()
    plain = zxingcpp.TextMode.Plain
    read = zxingcpp.read_barcodes(
        image, formats=zxingcpp.BarcodeFormats([kind]), text_mode=plain, try_invert=False
    )
    texts = [found.text for found in read if found.symbology_identifier.startswith(prefix)]
    if profile is SymbolProfile.EAN13:
        return texts
    return [_parse_digits(text) for text in texts]


def _parse_digits(text: str) -> str:
    try:
        return str(parse_list_code(text))
    except LarderError:
        return ""


def _mismatches(
    info: PrintInfo, numbers: Sequence[int], codes: Sequence[str], expected: Sequence[str]
) -> Iterable[Problem]:
    for number, code in zip(numbers, codes, strict=True):
        if number >= len(expected) or not code:
            continue
        wanted = expected[number]
        if info.profile is SymbolProfile.EAN13:
            wanted, code = parse_list_code(wanted).serial, code[:12]
        else:
            wanted = str(parse_list_code(wanted))
        if wanted != code:
            yield Problem(f"piece {number + 1}", "carries the code of another list")


def _texts(page: Any) -> list[_Text]:
    """The texts of a page, in the groups that pdfium makes of them; of a trimmed one from there."""
    edge, _, _, height = page.get_trimbox()
    text_page = page.get_textpage()
    made = []
    for at in range(text_page.count_rects()):
        left, bottom, right, top = text_page.get_rect(at)
        x0, x1 = (left - edge) / _MM, (right - edge) / _MM
        box = (x0, (height - top) / _MM, x1, (height - bottom) / _MM)
        made.append(_Text(text_page.get_text_bounded(left, bottom, right, top), box))
    text_page.close()
    return made


def _safe_area_faults(
    texts: Iterable[_Text], page: Any, info: PrintInfo, where: str
) -> Iterable[Problem]:
    left, bottom, right, top = page.get_trimbox()
    width, height = (right - left) / _MM, (top - bottom) / _MM
    safe = info.safe_mm
    area = (safe, safe, width - safe, height - safe)
    for text in texts:
        if not _lies_within(text.box, area):
            yield Problem(where, f"{text.text!r} leaves the safe area of {safe:g} mm")


def _window_faults(texts: Sequence[_Text], window: Window, where: str) -> Iterable[Problem]:
    """Texts that may show through the window but be cut when the insert slides."""
    always, ever = window.always_visible(), window.ever_visible()
    shown = [text for text in texts if _overlaps(text.box, ever)]
    for text in shown:
        if not _lies_within(text.box, always):
            yield Problem(where, f"{text.text!r} may be cut by the {window.name} window")


def _font_faults(page: Any, seen: set[str], where: str) -> Iterable[Problem]:
    """Fonts that are not embedded, each reported once."""
    for thing in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT]):
        font = pdfium_c.FPDFTextObj_GetFont(thing.raw)
        if pdfium_c.FPDFFont_GetIsEmbedded(font) == 1:
            continue
        size = pdfium_c.FPDFFont_GetBaseFontName(font, None, 0)
        buffer = pdfium_c.create_string_buffer(size) if size else None
        name = "a font"
        if buffer is not None:
            pdfium_c.FPDFFont_GetBaseFontName(font, buffer, size)
            name = buffer.value.decode(errors="replace")
        if name not in seen:
            seen.add(name)
            yield Problem(where, f"{name} is not embedded", "embed every font")


def _lies_within(
    inner: tuple[float, float, float, float], outer: tuple[float, float, float, float]
) -> bool:
    return (
        inner[0] >= outer[0] - _SLACK_MM
        and inner[1] >= outer[1] - _SLACK_MM
        and inner[2] <= outer[2] + _SLACK_MM
        and inner[3] <= outer[3] + _SLACK_MM
    )


def _overlaps(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and one[2] > other[0] and one[1] < other[3] and one[3] > other[1]
