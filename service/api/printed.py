"""Lists as they are shown: as JSON and as a PDF; a draft never with a code."""

import json
from typing import Any

from fastapi import Response

from service.engine.records import ListDocument
from service.engine.render import render_one
from service.files import layouts
from service.settings import Settings
from service.store.pictures import KeptPictures
from service.store.session import Database
from service.store.tables.shopping_list import ListState, ShoppingList


def shown(found: ShoppingList) -> dict[str, Any]:
    """The document of a list as it is stored, a draft's without a code.

    Raises NotFound for one that is kept no more.
    """
    if found.state != ListState.DRAFT and found.document:
        document: dict[str, Any] = json.loads(found.document)
        return document
    draft: dict[str, Any] = json.loads(printed(found).to_json())
    del draft["list_code"]
    return draft


def printed(found: ShoppingList) -> ListDocument:
    """What a list shows, a draft without a code."""
    document = ListDocument.from_json(found.document)
    return document.as_draft() if found.state == ListState.DRAFT else document


def pdf_of(
    document: ListDocument, database: Database, settings: Settings, *, name: str
) -> Response:
    """A list as a PDF, without an address."""
    layout = layouts.load(settings.layout)
    return Response(
        render_one(
            document,
            None,
            layout,
            sender=layouts.sender_of(settings),
            departments=settings.walking_order,
            pictures=KeptPictures(database),
        ),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )
