"""The codes of lists: foretold by nobody, the same whenever they are drawn again, never twice."""

from collections.abc import Collection, Mapping, Sequence

import polars as pl
from sqlmodel import Session

from service.digests import list_serial, page_code, page_digest, page_digests
from service.engine import codes
from service.engine.compose import Recipient
from service.engine.records import ListDocument
from service.engine.redeem import has_wording
from service.files import layouts
from service.settings import Settings
from service.store import lists

_PAGES = "/l/"


def draw_recipients(
    session: Session,
    settings: Settings,
    *,
    issue: str,
    household_ids: Sequence[int],
    languages: Mapping[int, str],
    refs: Mapping[int, str],
    general: Collection[int] = (),
) -> list[Recipient]:
    """Some households with the codes drawn for their lists, in the order given.

    `languages` and `refs` (the retailer's numbers) are by household; `issue` as for `draw_codes`.
    `general` are those whose lists follow from nothing that they bought.
    A list is in the language of the settings where that of the household has no phrases.
    """
    drawn = draw_codes(
        session,
        settings,
        issue=issue,
        households=[(household_id, refs[household_id]) for household_id in household_ids],
    )
    spoken = layouts.wordings()
    wanted = [languages[household_id] for household_id in household_ids]
    without = frozenset(general)
    said = [each if has_wording(spoken, each) else settings.language for each in wanted]
    return [
        Recipient(household_id, language, code, page_url(settings, code), household_id in without)
        for household_id, language, code in zip(household_ids, said, drawn, strict=True)
    ]


def page_url(settings: Settings, list_code: str) -> str:
    """Where the page of a list is; empty for a retailer without a public address."""
    if not settings.public_url:
        return ""
    return f"{settings.public_url}{_PAGES}{page_code(settings.code_key, list_code)}"


def page_digest_of(settings: Settings, document: ListDocument) -> str | None:
    """The stored digest of the code in a list's page address; None without one."""
    if not document.page_url:
        return None
    return page_digest(settings.secret_key, document.page_url.rpartition(_PAGES)[2])


def page_digests_of(settings: Settings, document: ListDocument) -> list[str]:
    """What may be stored of the code in a list's page address; the first is what should be."""
    return page_digests(settings.secret_key, document.page_url.rpartition(_PAGES)[2])


def draw_codes(
    session: Session, settings: Settings, *, issue: str, households: Sequence[tuple[int, str]]
) -> list[str]:
    """A code for each (household, the retailer's number for it), in the order given.

    `issue` names what the lists are made for. Twelve digits meet by chance once there are some
    hundred thousand lists: a code that stands in the database, or was drawn just before, is drawn
    again. A household's own draft does not count, because the list takes its place.
    """
    number = codes.gcn(settings.gcn_prefix)
    drawn: dict[int, str] = {}
    seen: set[str] = set()
    waiting = list(range(len(households)))
    attempt = 0
    while waiting:
        parts = (issue, attempt) if attempt else (issue,)
        tried = [
            codes.list_code(number, list_serial(settings.code_key, *parts, households[place][1]))
            for place in waiting
        ]
        owners = [households[place][0] for place in waiting]
        taken = lists.codes_in_use(
            session,
            pl.DataFrame(
                {"code": tried, "household_id": owners},
                {"code": pl.String, "household_id": pl.Int64},
            ),
        )
        again = []
        for place, code in zip(waiting, tried, strict=True):
            if code in taken or code in seen:
                again.append(place)
            else:
                drawn[place] = code
                seen.add(code)
        waiting, attempt = again, attempt + 1
    return [drawn[place] for place in range(len(households))]
