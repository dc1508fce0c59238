"""Loads the shipped layouts with their fonts and phrases, and draws previews of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from typing import Any

from service.engine.redeem import Wording
from service.engine.render import (
    FontFile,
    Layout,
    PiecePages,
    Stationery,
    SymbolProfile,
    Window,
    layout_from,
    render_batch,
    stationery_from,
)
from service.engine.render.faults import find_faults
from service.engine.render.samples import longest_piece, sample_piece, worst_case
from service.errors import InvalidInput, NotFound

_TEMPLATES = files("templates")


def names() -> tuple[str, ...]:
    """The shipped layouts by name, such as `classic-a4`."""
    folder = _TEMPLATES / "layouts"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".json")))


@lru_cache(maxsize=32)
def load(name: str) -> Layout:
    """A shipped layout, ready to print."""
    return layout_from(_data(name), windows=windows(), stationery=stationery())


@lru_cache(maxsize=1)
def stationery() -> Stationery:
    """Fonts, phrases and address forms."""
    fonts = sorted((f for f in (_TEMPLATES / "fonts").iterdir()), key=lambda file: file.name)
    return stationery_from(
        fonts=tuple(
            FontFile(name=file.name[:-4], data=file.read_bytes())
            for file in fonts
            if file.name.endswith(".ttf")
        ),
        phrases=_json(_TEMPLATES / "phrases.json"),
        postal=_json(_TEMPLATES / "addresses.json"),
    )


@lru_cache(maxsize=4)
def wordings(tips_file: Path | None = None) -> Mapping[str, Wording]:
    """What lists say in each language; a retailer's own tips take the place of the shipped one.

    `tips_file` is a JSON object of texts by language; an empty text leaves the tip out. Raises
    `InvalidInput` when it cannot be read.
    """
    phrases = _json(_TEMPLATES / "phrases.json")
    tips = _tips(tips_file) if tips_file is not None else {}
    unknown = sorted(tips.keys() - phrases.keys())
    if unknown:
        known = ", ".join(phrases)
        raise InvalidInput(f"{tips_file}: no list speaks {', '.join(unknown)}; known are {known}")
    made: dict[str, Wording] = {}
    for tag, data in phrases.items():
        base = data.get("extends", tag)
        whole = {**phrases[base], **data}
        made[tag] = Wording(
            language=tag,
            plural=whole["plural"],
            texts={**phrases[base]["wording"], **data.get("wording", {})},
            units=whole.get("units", {}),
            tip=tips.get(tag, tips.get(base, whole["tip"])),
        )
    return made


def _tips(path: Path) -> Mapping[str, str]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read as tips: {error}") from error
    if not (isinstance(data, dict) and all(isinstance(text, str) for text in data.values())):
        raise InvalidInput(f"{path} is no object of texts by language")
    return data


@lru_cache(maxsize=1)
def windows() -> Mapping[str, Window]:
    """The envelope profiles of `windows.json`."""
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
        for name, data in _json(_TEMPLATES / "windows.json").items()
    }


def _data(name: str) -> Mapping[str, Any]:
    """A layout's data, merged with the one it extends."""
    file = _TEMPLATES / "layouts" / f"{name}.json"
    if name not in names():
        raise NotFound(f"there is no layout {name!r}; known are {', '.join(names())}")
    return merged(_json(file), base=_data)


def merged(data: Mapping[str, Any], *, base: Any) -> Mapping[str, Any]:
    """Lay `data` over the layout it `extends`: keys by name, elements and parts by id."""
    if "extends" not in data:
        return data
    under = base(data["extends"])
    own = {key: value for key, value in data.items() if key != "extends"}
    result: dict[str, Any] = _over(under, own)
    return result


def _over(under: Any, own: Any) -> Any:
    if isinstance(under, Mapping) and isinstance(own, Mapping):
        return {
            **under,
            **{k: _over(under[k], v) if k in under else v for k, v in own.items()},
        }
    if _by_id(under) and _by_id(own):
        changed = {item["id"]: item for item in own}
        kept = [
            _over(item, changed.pop(item["id"])) if item["id"] in changed else item
            for item in under
        ]
        kept = [item for item in kept if not item.get("dropped")]
        return [*kept, *changed.values()]
    return own


def _by_id(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, Mapping) and "id" in v for v in value)


def _json(file: Traversable) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def samples() -> Mapping[str, Mapping[str, Any]]:
    """Sample texts and the longest texts by language."""
    data: Mapping[str, Mapping[str, Any]] = _json(_TEMPLATES / "samples.json")
    return data


@dataclass(frozen=True, slots=True)
class Preview:
    """A drawn layout: sample lists first, then the same languages' worst case."""

    pdf: bytes
    pages: tuple[PiecePages, ...]


def preview(
    layout: Layout, *, languages: Sequence[str] = (), profile: SymbolProfile | None = None
) -> Preview:
    """Draw a layout with everyday texts and with the longest ones, for each language.

    Raises `InvalidInput` when the worst case of any shipped language overflows: such a layout
    is not fit to print. `languages` defaults to all that have samples.
    """
    known = samples()
    wanted = tuple(languages) or tuple(known)
    for language in wanted:
        if language not in known:
            raise NotFound(f"no samples in {language!r}; known are {', '.join(known)}")
    check(layout, profile=profile)
    pieces = []
    for language in wanted:
        phrases = layout.stationery.phrases_for(language)
        everyday = sample_piece(known[language], phrases=phrases)
        longest = longest_piece(known[language], language=language)
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
        sender=known[wanted[0]]["sender"],
        sender_country=known[wanted[0]]["address"]["country"],
    )
    return Preview(pdf=out.getvalue(), pages=placed)


def check(layout: Layout, *, profile: SymbolProfile | None = None) -> None:
    """Refuse a layout whose worst case overflows in any shipped language, or hides the address."""
    problems = [*find_faults(layout), *worst_case(layout, samples(), profile=profile)]
    if problems:
        raise InvalidInput(f"layout {layout.name} overflows: {problems[0]}", problems)


def load_file(path: Path) -> Layout:
    """A layout of the retailer's own from a JSON file; it may extend a shipped one.

    Raises NotFound without the file, InvalidInput when it is no layout.
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
    return layout_from(merged(data, base=_data), windows=windows(), stationery=stationery())
