"""Pages: a template, what every page shows around it, and the cookies that go with it."""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

import templates
from service.engine.rights import Right
from service.errors import LarderError
from service.pages import clearing_words, flash, labels, names, refusals, saying
from service.pages.cookies import FLASH, FORM, SESSION, jar_of
from service.pages.flash import Message
from service.pages.languages import LANGUAGES, Language, language_of
from service.pages.site import site_of
from service.pages.visitor import Visitor, language_before, recognise, settings_of
from service.settings import Settings

ASSETS = Path(__file__).with_name("static")
TEMPLATES = Path(templates.__file__).parent
"""The folder of all sites' templates: one each, and `pages` for what they share."""


def show(
    request: Request,
    template: str,
    *,
    status: int = 200,
    messages: tuple[Message, ...] = (),
    **values: Any,
) -> HTMLResponse:
    """A page in the language of its reader; messages that were left for it are shown once."""
    visitor, settings = recognise(request), settings_of(request)
    left = flash.left(request, visitor.jar, settings)
    page = _environment(site_of(request).name, visitor.language.tag).get_template(template)
    html = page.render(
        **values,
        **_around(request, visitor, settings),
        messages=[*left, *messages],
        # What is not there is in no place.
        is_missing=status == 404,
    )
    response = HTMLResponse(html, status)
    if left:
        visitor.jar.clear(response, FLASH)
    if visitor.signed_in is None and visitor.jar.open:
        visitor.jar.set(response, FORM, visitor.form_key, seconds=None)
        if visitor.jar.read(request, SESSION):
            visitor.jar.clear(response, SESSION)
    return response


def show_alone(request: Request, *, status: int, title: str, hint: str) -> HTMLResponse:
    """A page that needs no database and no session, and sets no cookie."""
    settings = settings_of(request)
    language = language_before(request, jar_of(request, settings))
    html = (
        _environment(site_of(request).name, language.tag)
        .get_template("alone.html")
        .render(
            title=language.text(title),
            hint=language.text(hint),
            root=address(request, ""),
            retailer=settings.retailer,
        )
    )
    return HTMLResponse(html, status)


def say(request: Request, error: LarderError) -> str:
    """Why an act was not done, in the language of whoever asked for it."""
    return saying.say(recognise(request).language, error.notice, settings_of(request).currency)


def go_to(request: Request, path: str, *messages: Message) -> Response:
    """Lead to a page of the site, which shows the messages."""
    response = RedirectResponse(own_path(request, address(request, path)), 303)
    if messages:
        flash.leave(response, recognise(request).jar, settings_of(request), *messages)
    return response


def lead(path: str) -> Response:
    """Lead to a path that was made by `address` or `own_path`."""
    return RedirectResponse(path, 303)


def to_log_in(request: Request) -> Response:
    """Lead a guest to the log-in page, which leads back to where they wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    query = f"?{urlencode({'to': wanted})}" if request.method == "GET" else ""
    return RedirectResponse(address(request, f"/log-in{query}"), 303)


def own_path(request: Request, wanted: str) -> str:
    """A path of the site to lead to, as somebody sent it: its front page for any other."""
    root = address(request, "/")
    is_plain = wanted.isprintable() and not any(sign in wanted for sign in ("//", "\\", ".."))
    return wanted if wanted.startswith(root) and is_plain else root


def address(request: Request, path: str) -> str:
    """The address of a path of the site."""
    root: str = request.scope.get("root_path", "").rstrip("/")
    return root + path


def _around(request: Request, visitor: Visitor, settings: Settings) -> Mapping[str, Any]:
    """What every page is drawn with."""
    signed_in = visitor.signed_in
    here = request.scope["path"].removeprefix(request.scope.get("root_path", "")) or "/"
    places = [
        place
        for place in site_of(request).places
        if signed_in is not None and (not place.rights or any(map(signed_in.may, place.rights)))
    ]
    return {
        "visitor": visitor,
        "person": signed_in.person if signed_in else None,
        "places": places,
        "here": here,
        "csrf": visitor.token,
        "nonce": visitor.nonce,
        "root": address(request, ""),
        "retailer": settings.retailer,
        "money": _money(visitor.language, settings.currency),
        "moment": _moment(visitor.language, settings.timezone),
        "may": visitor.may,
        "say": lambda notice: saying.say(visitor.language, notice, settings.currency),
        "problem": lambda found: saying.problem(visitor.language, found, settings.currency),
    }


def _money(language: Language, currency: str) -> Callable[[int], str]:
    return lambda cents: language.money(round(cents), currency)


def _moment(language: Language, timezone: str) -> Callable[[Any], str]:
    zone = ZoneInfo(timezone)
    return lambda value: language.moment(value, zone)


@lru_cache(maxsize=8 * len(LANGUAGES))
def _environment(site: str, tag: str) -> Environment:
    """Templates of a site in one language: their texts and how they write numbers are those of it.

    A template that the site does not have is the shared one.
    """
    language = language_of(tag)
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES / site, TEMPLATES / "pages"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
        cache_size=-1,
    )
    environment.install_gettext_translations(language.texts, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        language=language,
        languages=LANGUAGES,
        labels=labels,
        refusals=refusals,
        names=names,
        clearing=clearing_words,
        Right=Right,
        asset=_asset,
    )
    environment.filters.update(
        number=language.number,
        percent=language.percent,
        day=language.day,
        weekday=language.weekday,
    )
    return environment


@lru_cache(maxsize=32)
def _asset(name: str) -> str:
    """The path of a file below `static`, with a digest of what is in it."""
    digest = hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:16]
    return f"/static/{digest}/{name}"
