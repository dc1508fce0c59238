"""Makes, copies and edits one deal in a form, with the checks of a file and its live sentence."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from service.console import deal_words
from service.deals import COLUMNS, Preview, ReadOptions, load_body, preview_deals, preview_pictures
from service.deals.columns import CellKind, SheetColumn, expected
from service.deals.one_deal import cells_of, name_of, new_row, row_with
from service.engine.rights import Right
from service.errors import InvalidInput, NotAccepted, NotFound
from service.notice import Count
from service.pages import page
from service.pages.flash import Message
from service.pages.languages import mark
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.settings import Settings
from service.store.session import Database

router = APIRouter(prefix="/deals")

_LARGEST_ID = 2**63 - 1
_MOST_CHARACTERS = 2_000

Changes = Annotated[Member, Depends(may(Right.CHANGE_DEALS))]

GROUPS = (
    (mark("The deal"), ("deal_id", "supplier", "kind", "title", "legal_text", "value_text")),
    (mark("What it gives"), ("benefit", "value", "get_quantity", "benefit_cap", "covers",
        "min_quantity", "unit", "min_spend", "uses_per_basket", "with_quantity")),
    (mark("Products"), ("eligible_", "excluded_", "with_")),
    (mark("Money"), ("funding_", "handling_fee", "copy_fee", "face_value")),
    (mark("Budget and limits"), ("budget", "circulation_", "limit_per_household",
        "control_share_percent")),
    (mark("Dates"), ("mail_", "redeem_")),
    (mark("Only for"), ("target_",)),
)  # fmt: skip
"""The parts of the form, by what the names of their columns begin with; the first that fits."""


async def _fields(request: Request) -> FormData:
    return await request.form()


Fields = Annotated[FormData, Depends(_fields)]


@router.get("/new")
def new(request: Request, _member: Changes) -> Response:
    """An empty form; what the address names is filled in."""
    return _form(request, _cells(request.query_params), number=None)


@router.get("/{number}/copy")
def copy(request: Request, number: int, database: DatabaseDep, _member: Changes) -> Response:
    """The form of a new deal that is the same but for its id."""
    cells = cells_of(database, *name_of(database, _known(number)))
    return _form(request, {**cells, "deal_id": ""}, number=None)


@router.get("/{number}/edit")
def edit(request: Request, number: int, database: DatabaseDep, _member: Changes) -> Response:
    """The form of a deal's next revision."""
    supplier, deal_id = name_of(database, _known(number))
    cells = cells_of(database, supplier, deal_id)
    return _form(request, {**cells, "supplier": supplier, "deal_id": deal_id}, number=number)


@router.get("/form/picture")
def picture(
    request: Request, database: DatabaseDep, settings: SettingsDep, _member: Changes
) -> Response:
    """What the cells of the address will look like in print, in the first of their languages."""
    row = new_row(_cells(request.query_params))
    drawn = next(preview_pictures(database, *row, options=ReadOptions.of(settings)), None)
    if drawn is None:
        raise NotFound("There is no such picture.")
    return Response(drawn.png, media_type="image/png")


@router.post("/form/look")
def look(
    request: Request, database: DatabaseDep, settings: SettingsDep, _member: Changes, fields: Fields
) -> Response:
    """What the cells mean so far; nothing is loaded."""
    cells, number = _cells(fields), _number(fields)
    found, faults = _preview(database, settings, cells, number)
    accepted = _accepted(fields)
    return _form(request, cells, number=number, found=found, faults=faults, accepted=accepted)


@router.post("/form/save")
def save(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Changes, fields: Fields
) -> Response:
    """Load the deal as a file of one row: a new deal, or the next revision."""
    cells, number = _cells(fields), _number(fields)
    try:
        report = load_body(
            database, *_row(database, cells, number), uploaded_by=member.by,
            options=ReadOptions.of(settings), with_approval=settings.deal_approval,
            accept=_accepted(fields),
        )  # fmt: skip
    except (InvalidInput, NotAccepted):
        found, faults = _preview(database, settings, cells, number)
        return _form(request, cells, number=number, found=found, faults=faults, status=422)
    request.app.state.today.forget()
    text = member.language.text
    said = text("Nothing changed.") if report.unchanged else text("The deal is saved.")
    query = urlencode({"text": cells.get("deal_id", "")[:120]})
    return page.go_to(request, f"/deals?{query}", Message(said))


def _form(
    request: Request,
    cells: Mapping[str, str],
    *,
    number: int | None,
    found: Preview | None = None,
    faults: Mapping[str, Sequence[str]] | None = None,
    accepted: str = "",
    status: int = 200,
) -> Response:
    return page.show(
        request, "deal_form.html", status=status, cells=cells, number=number, found=found,
        faults=faults or {}, groups=_groups(cells), kinds=CellKind, expected=expected,
        words=deal_words, query=urlencode(cells), most=_MOST_CHARACTERS,
        accepted=accepted,
    )  # fmt: skip


def _groups(cells: Mapping[str, str]) -> Sequence[tuple[str, Sequence[SheetColumn]]]:
    known = {column.name for column in COLUMNS}
    # Texts in other languages have columns of their own, which the form has where they are filled.
    spoken = [SheetColumn(name, CellKind.TEXT, "") for name in cells if name not in known]
    places: dict[str, list[SheetColumn]] = {title: [] for title, _ in GROUPS}
    for column in COLUMNS:
        exact = (title for title, names in GROUPS if column.name in names)
        begins = (title for title, names in GROUPS if column.name.startswith(names))
        places[next(exact, None) or next(begins)].append(column)
    places[GROUPS[0][0]].extend(spoken)
    return list(places.items())


def _preview(
    database: Database, settings: Settings, cells: Mapping[str, str], number: int | None
) -> tuple[Preview | None, Mapping[str, Sequence[str]]]:
    """What the cells mean, and the faults by column; under no name those of the whole row."""
    try:
        row = _row(database, cells, number)
        found = preview_deals(database, *row, options=ReadOptions.of(settings))
    except InvalidInput as error:
        return None, {"": [*map(str, error.problems)] or [error.detail]}
    faults: dict[str, list[str]] = {}
    for fault in (fault for row in found.faulty for fault in row.faults):
        name = fault.name if any(fault.name == column.name for column in COLUMNS) else ""
        said = f"{fault.detail} ({fault.remedy})" if fault.remedy else fault.detail
        faults.setdefault(name, []).append(said)
    return found, faults


def _row(database: Database, cells: Mapping[str, str], number: int | None) -> tuple[str, bytes]:
    if number is None:
        return new_row(cells)
    empty = {column.name: "" for column in COLUMNS}
    return row_with(database, *name_of(database, number), {**empty, **cells})


def _cells(fields: Any) -> dict[str, str]:
    """The cells that are filled in. Raises InvalidInput for one that is too long."""
    found = {}
    for name, value in fields.multi_items():
        if name in ("csrf", "number", "accept", "accepted") or not isinstance(value, str):
            continue
        if len(value) > _MOST_CHARACTERS or "\x00" in value:
            raise InvalidInput(
                "A cell has at most %(number)s characters.", number=Count(_MOST_CHARACTERS)
            )
        if value.strip():
            found[name] = " ".join(value.split())
    return found


def _accepted(fields: FormData) -> str:
    """The digest of the notes that are ticked."""
    return str(fields.get("accept", "")) if fields.get("accepted") else ""


def _number(fields: FormData) -> int | None:
    text = str(fields.get("number", ""))
    if not text:
        return None
    return _known(int(text)) if text.isascii() and text.isdecimal() else _known(0)


def _known(number: int) -> int:
    if not 0 < number <= _LARGEST_ID:
        raise NotFound("There is no such deal.")
    return number
