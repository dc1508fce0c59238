"""What a household has a right to, at the service desk: all that is stored of it, and to be erased.

Both need a household that was opened with a reason; erasing shows first what it would touch.
"""

from datetime import UTC, datetime
from io import BytesIO
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.desk import households
from service.engine.rights import Right
from service.errors import NotFound
from service.members.erase import erase
from service.members.export import export
from service.members.look_ahead import Touched, look_ahead
from service.pages import page
from service.pages.confirming import Confirmed, Question, ask, require_shown
from service.pages.flash import Message, Tone
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.store.session import Database

router = APIRouter(prefix="/households/{number}")

PATH = "/households"
_LARGEST_ID = 2**63 - 1

Forgets = Annotated[Member, Depends(may(Right.FORGET_HOUSEHOLDS))]


@router.post("/export")
def export_one(
    number: int, database: DatabaseDep, settings: SettingsDep, member: Forgets
) -> Response:
    """All that is stored of the household, as one zip."""
    out = BytesIO()
    export(
        database,
        settings,
        _opened(database, number, member).ref,
        out,
        by=member.by,
        now=datetime.now(UTC),
    )
    return Response(
        out.getvalue(),
        media_type="application/zip",
        headers={
            "Content-Disposition": 'attachment; filename="household.zip"',
            "Cache-Control": "no-store",
        },
    )


@router.get("/erase")
def ask_erase(request: Request, number: int, database: DatabaseDep, member: Forgets) -> Response:
    """What erasing would touch."""
    touched, language = _opened(database, number, member), member.language
    text = language.text
    return ask(
        request,
        Question(
            title=text("Erase household %(number)s?", number=touched.ref),
            text=text(
                "Its name, address, cards, phones, consents and all it said are deleted; its open "
                "lists are withdrawn, and packages with its letter are printed again without it. "
                "What it bought stays, of nobody. No file brings it back. This cannot be taken "
                "back: if it asked for its data, give it that first."
            ),
            button=text("Erase it for good"),
            path=f"{PATH}/{number}/erase",
            back=f"{PATH}/{number}",
            shown=touched.ref,
            facts=[
                (text("Name"), touched.name),
                (text("Open lists"), language.number(touched.lists)),
                (text("Packages with its letter"), language.number(touched.packages)),
            ],
        ),
    )


@router.post("/erase")
def erase_one(
    request: Request,
    number: int,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Forgets,
    confirmed: Confirmed = "",
) -> Response:
    """Erase the household that was shown."""
    ref = _opened(database, number, member).ref
    require_shown(ref, confirmed)
    report = erase(database, settings, ref, by=member.by, now=datetime.now(UTC))
    text, number_of = member.language.text, member.language.number
    said = [
        Message(
            text(
                "The household is erased: %(lists)s open lists withdrawn, files removed of "
                "%(files)s packages.",
                lists=number_of(report.lists),
                files=number_of(len(report.files.removed)),
            )
        )
    ]
    if report.files.waiting:
        waiting = text(
            "%(files)s packages are being printed or fetched; their files go after that.",
            files=number_of(len(report.files.waiting)),
        )
        said.append(Message(waiting, Tone.WARNING))
    return page.go_to(request, PATH, *said)


def _opened(database: Database, number: int, member: Member) -> Touched:
    """A household that this person opened within the hour. Raises NotFound for any other."""
    person_id = member.signed_in.person.id
    if not 0 < number <= _LARGEST_ID or not households.is_open(
        database, number, person_id, now=datetime.now(UTC)
    ):
        raise NotFound("There is no such page.")
    return look_ahead(database, number)
