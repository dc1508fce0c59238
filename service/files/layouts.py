"""Loads layouts with their fonts and phrases, and draws previews of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from typing import Any

from service.engine.compose import Masthead
from service.engine.day_words import day_words_from
from service.engine.redeem import Wording
from service.engine.render import (
    Checker,
    Layout,
    PiecePages,
    Sender,
    Stationery,
    SymbolProfile,
    Window,
    layout_from,
    render_batch,
    stationery_from,
)
from service.engine.render.faults import find_faults
from service.engine.render.inks import SCREEN, Inks
from service.engine.render.phrases import whole_phrases
from service.engine.render.postal_place import place_barcode
from service.engine.render.samples import (
    SAMPLE_DAY,
    longest_piece,
    said_where_it_fits,
    sample_piece,
    whole_piece,
    worst_case,
)
from service.engine.texts import clean
from service.errors import InvalidInput, Misconfigured, NotFound, Problem
from service.files.fonts import font_files, letters_by_script
from service.files.postal import postal_forms, sender_from
from service.files.postal_barcode import barcode_of
from service.files.sample_pictures import sample_pictures
from service.settings import LetterSettings, Settings

_TEMPLATES = files("templates")
_PUBLIC_URL = "https://lists.example"
_PAGE = "/l/SAMPLE4FK9XQ2MWV7PT3SZHB6D"
"""The page of sample letters, which no service knows."""


def names() -> tuple[str, ...]:
    """The names of the shipped layouts, such as `classic-a4`."""
    folder = _TEMPLATES / "layouts"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".json")))


@lru_cache(maxsize=32)
def load(name: str, inks: Inks = SCREEN) -> Layout:
    """A shipped layout, ready to print with these inks."""
    return layout_from(_layout_data(name), windows=windows(), stationery=stationery(), inks=inks)


def sender_of(settings: Settings) -> Sender:
    """The sender of the settings; countries abroad are named as their layout can print them.

    Raises Misconfigured when their layout has no place for the barcode of their post.
    """
    sender = sender_for(
        settings.layout,
        address=settings.return_address,
        country=settings.country,
        language=settings.language,
    )
    barcode = barcode_of(settings)
    if barcode is None:
        return sender
    try:
        place_barcode(load(settings.layout), barcode)
    except InvalidInput as error:
        problem = Problem(
            "LARDER_POSTAL_BARCODE", f"is {settings.postal_barcode}; {error}", "use another layout"
        )
        raise Misconfigured(str(problem), [problem]) from None
    return replace(sender, barcode=barcode)


@lru_cache(maxsize=32)
def sender_for(layout: str, *, country: str, language: str, address: str = "") -> Sender:
    """The sender of letters in a shipped layout; the arguments are those of `sender_from`."""
    printable = load(layout).address_characters()
    return sender_from(address=address, country=country, language=language, printable=printable)


def _sender_on(layout: Layout, settings: LetterSettings) -> Sender:
    """The sender of the settings, on letters in any layout."""
    sender = sender_from(
        address=settings.return_address,
        country=settings.country,
        language=settings.language,
        printable=layout.address_characters(),
    )
    return replace(sender, barcode=barcode_of(settings))


@lru_cache(maxsize=1)
def stationery() -> Stationery:
    """The fonts, shipped and added, and the shipped phrases and address forms."""
    return stationery_from(
        fonts=font_files(),
        phrases=_read_json(_TEMPLATES / "phrases.json"),
        postal=postal_forms(),
        pictograms=_read_json(_TEMPLATES / "pictograms.json"),
    )


@lru_cache(maxsize=4)
def wordings(
    tips_file: Path | None = None, legal_file: Path | None = None
) -> Mapping[str, Wording]:
    """The texts of lists by language.

    The files are JSON objects of texts by language: tips, which replace the shipped ones (an empty
    text leaves the tip out), and legal texts, of which none are shipped. Raises `InvalidInput` when
    one cannot be read.
    """
    phrases = _read_json(_TEMPLATES / "phrases.json")
    tips = _own_texts(tips_file, "tips", languages=phrases)
    legal = _own_texts(legal_file, "legal texts", languages=phrases)
    made: dict[str, Wording] = {}
    for tag in phrases:
        whole = whole_phrases(phrases, tag)
        made[tag] = Wording(
            language=tag,
            plural=whole["plural"],
            texts=whole["wording"],
            units=whole.get("units", {}),
            tip=_own_text(tag, phrases, tips, shipped=whole["tip"]),
            legal=_own_text(tag, phrases, legal, shipped=""),
            days=day_words_from(whole),
        )
    return made


def pictogram_words() -> Mapping[str, Sequence[str]]:
    """The words of goods' names by pictogram."""
    words: Mapping[str, Sequence[str]] = _read_json(_TEMPLATES / "pictogram_words.json")
    return words


def _own_text(
    tag: str, phrases: Mapping[str, Any], texts: Mapping[str, str], *, shipped: str
) -> str:
    """The text of a language, else of the one it extends, else the shipped one."""
    while tag not in texts and "extends" in phrases[tag]:
        tag = phrases[tag]["extends"]
    return texts.get(tag, shipped)


def _own_texts(path: Path | None, what: str, *, languages: Mapping[str, Any]) -> Mapping[str, str]:
    if path is None:
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read as {what}: {error}") from error
    if not (isinstance(data, dict) and all(isinstance(text, str) for text in data.values())):
        raise InvalidInput(f"{path} is no object of texts by language")
    unknown = sorted(data.keys() - languages.keys())
    if unknown:
        known = ", ".join(languages)
        raise InvalidInput(f"{path}: no list speaks {', '.join(unknown)}; known are {known}")
    return {language: clean(text) for language, text in data.items()}


def masthead(settings: LetterSettings, issued_on: date) -> Masthead:
    """What all lists say that are made as of a day with these settings."""
    return Masthead(
        retailer=settings.retailer,
        currency=settings.currency,
        issued_on=issued_on,
        valid_from=issued_on,
        arrives_on=issued_on + timedelta(days=settings.mail_lead_days),
        valid_to=settings.last_day(issued_on),
        wordings=wordings(settings.tips_file, settings.legal_file),
        colour=settings.retailer_colour,
    )


@lru_cache(maxsize=1)
def windows() -> Mapping[str, Window]:
    """The shipped envelope profiles by name."""
    return {
        name: Window(
            name=name,
            sheet=data["sheet"],
            envelope_w=data["envelope"][0],
            envelope_h=data["envelope"][1],
            left=data["left"],
            bottom=data["bottom"],
            w=data["w"],
            h=data["h"],
            panel_top=data["panel"][0],
            panel_bottom=data["panel"][1],
            insert_w=data["insert"][0],
            insert_h=data["insert"][1],
            folds=tuple(data["folds"]),
        )
        for name, data in _read_json(_TEMPLATES / "windows.json").items()
    }


def _layout_data(name: str) -> Mapping[str, Any]:
    """The data of a shipped layout, merged into the layout that it extends."""
    file = _TEMPLATES / "layouts" / f"{name}.json"
    if name not in names():
        raise NotFound(f"there is no layout {name!r}; known are {', '.join(names())}")
    return merge(_read_json(file), base=_layout_data)


def merge(data: Mapping[str, Any], *, base: Any) -> Mapping[str, Any]:
    """Merge `data` into the layout it `extends`: keys by name, elements and parts by id.

    `base` returns the data of a layout by name.
    """
    if "extends" not in data:
        return data
    extended = base(data["extends"])
    changes = {key: value for key, value in data.items() if key != "extends"}
    result: dict[str, Any] = _overlay(extended, changes)
    return result


def _overlay(base: Any, changes: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(changes, Mapping):
        return {
            **base,
            **{k: _overlay(base[k], v) if k in base else v for k, v in changes.items()},
        }
    if _has_ids(base) and _has_ids(changes):
        changed_by_id = {item["id"]: item for item in changes}
        merged = [
            _overlay(item, changed_by_id.pop(item["id"])) if item["id"] in changed_by_id else item
            for item in base
        ]
        merged = [item for item in merged if not item.get("dropped")]
        return [*merged, *changed_by_id.values()]
    return changes


def _has_ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, Mapping) and "id" in v for v in value)


def _read_json(file: Traversable) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def samples() -> Mapping[str, Mapping[str, Any]]:
    """Sample texts, and the longest texts, by language."""
    data: Mapping[str, Mapping[str, Any]] = _read_json(_TEMPLATES / "samples.json")
    return data


@dataclass(frozen=True, slots=True)
class LayoutPreview:
    """A drawn layout: for each language a list with sample texts and one with the longest texts."""

    pdf: bytes
    pages: tuple[PiecePages, ...]


def preview(
    layout: Layout,
    settings: LetterSettings,
    *,
    languages: Sequence[str] = (),
    profile: SymbolProfile | None = None,
    everything: bool = False,
) -> LayoutPreview:
    """Draw a layout with sample goods and with the longest texts of each language.

    The letters with sample goods say what a cycle with these settings would say of such goods.
    With `everything` there is one letter a language, with all that a letter can carry: a logo,
    pictures, a partner's slot and a page are invented for it. `languages` defaults to all that have
    samples. Raises `InvalidInput` when the longest texts of any shipped language overflow,
    `NotFound` for a language without samples.
    """
    known = samples()
    wanted = tuple(languages) or tuple(known)
    for language in wanted:
        if language not in known:
            raise NotFound(f"no samples in {language!r}; known are {', '.join(known)}")
    check(layout, profile=profile)
    head = masthead(settings, SAMPLE_DAY)
    pictures = sample_pictures(settings.retailer, settings.retailer_colour)
    sender = _sender_on(layout, settings)
    checker = Checker(layout, profile=profile, sender=sender)
    pieces = []
    for language in wanted:
        data = known[language]
        if everything:
            page_url = f"{settings.public_url or _PUBLIC_URL}{_PAGE}"
            whole = whole_piece(
                data,
                masthead=replace(head, logo=pictures.logo),
                language=language,
                page_url=page_url,
                pictures=pictures.digests,
            )
            pieces.append(said_where_it_fits(whole, checker))
            continue
        page_url = settings.public_url and f"{settings.public_url}{_PAGE}"
        everyday = sample_piece(data, masthead=head, language=language, page_url=page_url)
        longest = longest_piece(data, language=language)
        pieces += [everyday, replace(longest, piece_id=f"LONGEST-{language}")]
    pieces = [replace(piece, seq=number) for number, piece in enumerate(pieces, 1)]
    out = BytesIO()
    placed = render_batch(
        pieces,
        layout,
        out,
        title=f"Preview of {layout.title}",
        language=wanted[0],
        profile=profile,
        sender=sender,
        pictures=pictures.kept,
    )
    return LayoutPreview(pdf=out.getvalue(), pages=placed)


def check(layout: Layout, *, profile: SymbolProfile | None = None) -> None:
    """Raises `InvalidInput` when the longest texts of any shipped language overflow, or the address
    does not show."""
    problems = [*find_faults(layout), *worst_case(layout, samples(), profile=profile)]
    if problems:
        raise InvalidInput(f"layout {layout.name} overflows: {problems[0]}", problems)


def letters(layout: Layout) -> Mapping[str, int]:
    """How many letters of each script the fonts of a layout hold, most first."""
    faces = layout.stationery.faces
    return letters_by_script(code for name in layout.fonts for code in faces[name].codes)


def load_file(path: Path) -> Layout:
    """A retailer's layout from a JSON file; it may extend a shipped one.

    Raises NotFound when there is no such file, InvalidInput when it is not a layout.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(
            f"There is no file {path.absolute()}; give the path of a layout's .json file, "
            f"or the name of a shipped layout: {', '.join(names())}."
        ) from None
    except OSError as error:
        raise InvalidInput(f"{path.absolute()} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InvalidInput(f"{path.name} cannot be read as a layout: {error}") from error
    return layout_from(merge(data, base=_layout_data), windows=windows(), stationery=stationery())
