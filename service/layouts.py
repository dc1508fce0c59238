"""Loads the shipped layouts with their fonts and phrases, and draws previews of them."""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from service.engine.render import (
    FontFile,
    Layout,
    Stationery,
    Window,
    layout_from,
    stationery_from,
)
from service.errors import NotFound

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
