"""A supplier sends its deals: read as marketing's files are, and waiting for its approval."""

from dataclasses import replace
from pathlib import Path

from service.deals import ReadOptions, UploadReport, load_body
from service.errors import InvalidInput
from service.files.apart import Apart
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from service.suppliers.scope import Scope


def options_for(settings: Settings, scope: Scope) -> ReadOptions:
    """How its files are read: every row is a deal of one of its own brands, or a fault.

    Raises InvalidInput for a supplier without a brand.
    """
    if not scope.names:
        raise InvalidInput("No brand is agreed with this supplier yet, so it can have no deals.")
    return replace(ReadOptions.of(settings), only_suppliers=scope.names)


def load_own(
    database: Database,
    settings: Settings,
    scope: Scope,
    apart: Apart,
    name: str,
    file: Path,
    *,
    accept: str,
    by: Actor,
) -> UploadReport:
    """Load a file of its deals as drafts: all of it, or nothing and every fault by row.

    Nothing of them is offered before people of the retailer check and approve them. Raises what
    `load_body` does.
    """
    return apart.call(
        load_body,
        database,
        name,
        file,
        uploaded_by=by,
        options=options_for(settings, scope),
        with_approval=True,
        accept=accept,
    )
