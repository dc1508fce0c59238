"""What the service runs with: every setting, where its value comes from, and no secret."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.engine.rights import Right
from service.pages import page
from service.pages.visitor import Member, SettingsDep, may
from service.settings import SettingGroup, Source, describe

router = APIRouter(prefix="/settings")

Sees = Annotated[Member, Depends(may(Right.SEE_SETTINGS))]


@router.get("")
def every(request: Request, settings: SettingsDep, _by: Sees, only: str = "") -> Response:
    """Every setting by group, or only those whose value is not the default (`only=changed`)."""
    groups = describe(settings)
    is_changed = only == "changed"
    if is_changed:
        chosen = (
            SettingGroup(
                group.title,
                [each for each in group.settings if each.source is not Source.DEFAULT],
            )
            for group in groups
        )
        groups = [group for group in chosen if group.settings]
    return page.show(request, "settings.html", groups=groups, is_changed=is_changed)
