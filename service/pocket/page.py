"""Pages of the pocket: a template in the reader's language, small and without others' files."""

import hashlib
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

import templates
from service.pages import refusals
from service.pages.languages import LANGUAGES, SOURCE, Language, language_of, negotiate
from service.settings import Settings

STATIC = Path(__file__).with_name("static")
_MOST_DAYS = 1024
_TEMPLATES = Path(templates.__file__).parent / "pocket"


def show(
    request: Request, template: str, *, status: int = 200, language: str = "", **values: Any
) -> HTMLResponse:
    """A page in a language of lists (`de-AT`), or in the browser's where none is given."""
    settings: Settings = request.app.state.settings
    spoken = spoken_by(request, language)
    html = _environment(spoken.tag).get_template(template).render(
        **values,
        root=root_of(request),
        nonce=request.state.nonce,
        retailer=settings.retailer,
        money=lambda cents: spoken.money(cents, settings.currency),
    )  # fmt: skip
    return HTMLResponse(html, status)


def spoken_by(request: Request, language: str = "") -> Language:
    """The language of a page: that of the list, else the browser's."""
    tag = language.partition("-")[0].lower()
    return language_of(tag if tag in LANGUAGES else negotiate(_accepted(request)) or SOURCE)


def go_home(request: Request, said: str = "") -> Response:
    """Lead to the list, which says what became of what was asked."""
    return go_to(request, f"/?said={said}" if said else "/")


def go_to(request: Request, path: str) -> Response:
    """Lead to a page of the pocket."""
    return RedirectResponse(f"{root_of(request)}{path}", 303)


def address_of(request: Request) -> str:
    """The network address that a request comes from; empty where it has none."""
    return request.client.host if request.client else ""


def root_of(request: Request) -> str:
    """Where the pocket is mounted."""
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")


@lru_cache(maxsize=8)
def asset(name: str) -> str:
    """The path of a static file, with a digest of what is in it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def _accepted(request: Request) -> str:
    return request.headers.get("accept-language", "")


@lru_cache(maxsize=len(LANGUAGES))
def _environment(tag: str) -> Environment:
    language = language_of(tag)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    environment.install_gettext_translations(language.texts, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(language=language, asset=asset, refusals=refusals)
    # A page says few days, many times.
    environment.filters.update(day=lru_cache(_MOST_DAYS)(partial(language.day, year=False)))
    return environment
