"""The page of a household: its list, its ticks, and what comes next."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, JSONResponse, Response

from service.desk import cases
from service.errors import Conflict, InvalidInput, NotFound
from service.members import pocket, pocket_view
from service.members.pocket import Holder, OwnItem, Word
from service.members.pocket_shown import PocketView
from service.pages.cookies import SESSION, jar_of
from service.pocket import page, words
from service.pocket.holding import HolderDep, stored
from service.pocket.symbol import drawn
from service.settings import Settings
from service.store.tables.pocket import YES, WordKind

router = APIRouter()

_DAY_SECONDS = 86_400
_YEAR_SECONDS = 31_536_000
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_MOST = 500


ListIn = Annotated[int, Form(ge=1, le=2**63 - 1)]
LineIn = Annotated[int, Form(ge=1, le=1000)]


class WordIn(BaseModel):
    """A phone's word on a line; without a text it takes an earlier one back."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(min_length=8, max_length=64)
    kind: WordKind
    line: int = Field(ge=1, le=1000)
    text: str = Field(max_length=200)
    at: AwareDatetime


class ItemIn(BaseModel):
    """A phone's word on something of the household's own."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(min_length=8, max_length=64)
    id: str = Field(min_length=8, max_length=64)
    text: str = Field(min_length=1, max_length=200)
    ticked: bool = False
    gone: bool = False
    at: AwareDatetime


class WordsIn(BaseModel):
    """What a phone did since it was heard last; sent again, it changes nothing."""

    model_config = ConfigDict(extra="forbid")

    list_id: int = Field(ge=1, le=2**63 - 1)
    words: list[WordIn] = Field(default=[], max_length=_MOST)
    items: list[ItemIn] = Field(default=[], max_length=_MOST)


@router.get("/l/{code}")
def open_code(code: str, request: Request) -> Response:
    """Open the page of a letter. The code is in no address after this one."""
    database, settings = stored(request)
    token = pocket.open_page(
        database, settings, code, address=page.address_of(request), now=datetime.now(UTC)
    )
    response = page.go_home(request)
    jar = jar_of(request, settings)
    jar.set(response, SESSION, token, seconds=pocket.SESSION_DAYS * _DAY_SECONDS)
    return response


@router.get("/")
def home(
    request: Request, holder: HolderDep, said: str = "", all: str = "", line: str = ""
) -> Response:
    """Today's list, and for a known browser what comes next; with `all` also hidden lines.

    Of `line` the page shows what can be said of it, for browsers without scripts.
    """
    view = _view(request, holder)
    symbol = drawn(view.code) if view.code else None
    return page.show(
        request, "list.html", language=view.language, view=view, symbol=symbol, said=said,
        told=view.told, words=words,
        shows_hidden=bool(all), chosen=int(line) if line.isdecimal() else 0,
        at=datetime.now(UTC).timestamp(),
    )  # fmt: skip


@router.get("/state")
def state(request: Request, holder: HolderDep) -> Response:
    """What all phones of the household agree on now."""
    return _state(request, holder)


@router.post("/words")
def take_words(sent: WordsIn, request: Request, holder: HolderDep) -> Response:
    """Take what a phone did, in any order and however often; what all agree on then."""
    database, _ = stored(request)
    pocket.tell(
        database, holder, list_id=sent.list_id,
        words=[
            Word(each.key, each.kind, each.line, each.text, each.at) for each in sent.words
        ],
        items=[
            OwnItem(each.key, each.id, each.text, each.ticked, each.gone, each.at)
            for each in sent.items
        ],
        now=datetime.now(UTC),
    )  # fmt: skip
    return _state(request, holder)


@router.post("/say/{kind}")
def say(
    request: Request,
    holder: HolderDep,
    kind: WordKind,
    list_id: ListIn,
    line: LineIn,
    text: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The same for a browser without scripts."""
    return _say(request, holder, kind, list_id, line, text)


@router.post("/hide")
def hide(request: Request, holder: HolderDep, list_id: ListIn, line: LineIn) -> Response:
    """Hide a line of the list on the page; on paper it stays."""
    return _say(request, holder, WordKind.HIDE, list_id, line, YES)


@router.post("/show")
def show(request: Request, holder: HolderDep, list_id: ListIn, line: LineIn) -> Response:
    """Show a line again."""
    return _say(request, holder, WordKind.HIDE, list_id, line, "")


@router.post("/write")
def write(
    request: Request, holder: HolderDep, text: Annotated[str, Form(min_length=1, max_length=200)]
) -> Response:
    """Write something of the household's own, from a browser without scripts."""
    database, _ = stored(request)
    now = datetime.now(UTC)
    name = f"form-{now.timestamp()}"
    item = OwnItem(name, name, text, ticked=False, gone=False, said_at=now)
    pocket.tell(database, holder, list_id=holder.list_id, words=[], items=[item], now=now)
    return page.go_home(request)


@router.post("/known")
def become_known(
    request: Request, holder: HolderDep, number: Annotated[str, Form(min_length=4, max_length=60)]
) -> Response:
    """See all that is the household's, by a card or telephone number of it."""
    database, settings = stored(request)
    try:
        pocket.become_known(
            database, settings, holder, number, address=page.address_of(request),
            now=datetime.now(UTC),
        )  # fmt: skip
    except InvalidInput:
        return page.go_home(request, "other")
    return page.go_home(request, "known")


@router.post("/ask")
def ask(
    request: Request,
    holder: HolderDep,
    sale: Annotated[str, Form(max_length=64)],
    list_id: ListIn,
    line: LineIn,
) -> Response:
    """Ask the store why a line did not come off."""
    database, _ = stored(request)
    if not holder.is_known:
        return page.go_home(request, "first")
    try:
        cases.ask(
            database, holder.household_id, sale=sale, list_id=list_id, line=line,
            now=datetime.now(UTC),
        )  # fmt: skip
    except Conflict:
        return page.go_home(request, "many")
    return page.go_home(request, "asked")


@router.post("/opt-out")
def opt_out(request: Request, holder: HolderDep) -> Response:
    """No more letters."""
    database, _ = stored(request)
    pocket.opt_out(database, holder, now=datetime.now(UTC))
    return page.go_home(request, "out")


@router.post("/leave")
def leave(request: Request, holder: HolderDep) -> Response:
    """Forget this browser."""
    database, settings = stored(request)
    pocket.leave(database, holder)
    response = page.go_home(request)
    jar_of(request, settings).clear(response, SESSION)
    return response


@router.get("/static/{digest}/{name}")
def static(digest: str, name: str) -> Response:
    """A file that never changes under its address."""
    path = page.STATIC / name
    if path.parent != page.STATIC or not path.is_file() or page.asset(name).split("/")[2] != digest:
        raise NotFound("There is no such file.")
    headers = {"Cache-Control": f"public, max-age={_YEAR_SECONDS}, immutable"}
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)


@router.get("/worker.js")
def worker(request: Request) -> Response:
    """The service worker: the shell, and the list newest first."""
    names = [page.asset("pocket.css"), page.asset("pocket.js"), page.asset("mark.svg")]
    text = (page.STATIC / "worker.js").read_text(encoding="utf-8")
    shell = ", ".join(f'"{page.root_of(request)}{name}"' for name in names)
    return Response(
        text.replace("/* SHELL */", shell),
        media_type="text/javascript",
        headers={"Cache-Control": "no-cache"},
    )


@router.get("/manifest.webmanifest")
def manifest(request: Request) -> Response:
    """What makes the page installable."""
    settings: Settings = request.app.state.settings
    root = page.root_of(request)
    icon = {"src": f"{root}{page.asset('mark.svg')}", "sizes": "any", "type": "image/svg+xml"}
    return JSONResponse(
        {
            "name": settings.retailer,
            "short_name": settings.retailer[:12],
            "start_url": f"{root}/",
            "scope": f"{root}/",
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": settings.retailer_colour or "#1f5f3f",
            "icons": [icon],
        },
        media_type="application/manifest+json",
    )


def _say(
    request: Request, holder: Holder, kind: WordKind, list_id: int, line: int, text: str
) -> Response:
    database, _ = stored(request)
    now = datetime.now(UTC)
    word = Word(f"form-{now.timestamp()}", kind, line, text, now)
    pocket.tell(database, holder, list_id=list_id, words=[word], items=[], now=now)
    return page.go_home(request)


def _view(request: Request, holder: Holder) -> PocketView:
    database, settings = stored(request)
    today = datetime.now(ZoneInfo(settings.timezone)).date()
    return pocket_view.look(database, settings, holder, today=today)


def _state(request: Request, holder: Holder) -> Response:
    database, _ = stored(request)
    found = pocket_view.state(database, holder)
    items = [{"id": each.id, "text": each.text, "ticked": each.ticked} for each in found.items]
    return JSONResponse(
        {
            "at": datetime.now(UTC).timestamp(),
            "list_id": found.list_id,
            "next_id": found.next_id,
            "ticked": found.ticked,
            "hidden": found.hidden,
            "notes": found.notes,
            "used": found.used,
            "saved_cents": found.saved_cents,
            "items": items,
        }
    )
