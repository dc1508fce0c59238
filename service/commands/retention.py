"""retention: what is older than it has to be kept."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from service.admin import retention
from service.commands.console import say
from service.commands.database import acting, open_database
from service.settings import Settings
from service.store import batches
from service.store.session import Database


def show_retention(
    apply: Annotated[
        bool, typer.Option("--apply", help="Remove it; without this only say what would go")
    ] = False,
) -> None:
    """What is older than it has to be kept, and what of it is needed; --apply removes it."""
    now = datetime.now(UTC)
    with open_database() as (database, settings):
        for old in retention.look(database, settings, now=now):
            if old.age is None:
                say(f"{old.kind}: kept for ever (LARDER_KEEP_{old.kind.upper()}_DAYS)")
                continue
            held = ", for cycles whose outcomes are not all counted" if old.is_held else ""
            say(f"{old.kind}: kept {old.days} days, so from {old.age.before} on{held}")
            for each in old.counts:
                say(f"  {each.table}: {each.going:,} may go, {each.needed:,} are needed")
        going, days = _packages(database, settings, now), settings.purge_days
        say(f"packages: {going:,} may go after {days} days (LARDER_PURGE_DAYS, every night)")
        if not apply:
            say("Nothing was removed: --apply does, and the scheduler once a week.")
            return
        gone = retention.remove(database, settings, now=now, by=acting(database, settings))
    for kind, rows in gone.items():
        say(f"{kind}: {rows:,} rows are removed")


def _packages(database: Database, settings: Settings, now: datetime) -> int:
    with database.read() as session:
        return len(batches.to_purge(session, now - timedelta(days=settings.purge_days)))
