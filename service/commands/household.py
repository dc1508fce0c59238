"""household: what is stored of one household, what it agreed to, and how it is forgotten."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import say, show_table
from service.commands.database import acting, open_database
from service.engine.wishes import WishAct
from service.errors import InvalidInput
from service.members import consents as members
from service.members import contact, export, pocket, reapply
from service.members import wishes as wished
from service.members.consents import Said
from service.members.erase import erase, finish_erasures
from service.members.reapply import Reapplied
from service.members.wishes import Wished
from service.store.tables.consent import Consent, ConsentChannel, Purpose

Ref = Annotated[str, typer.Argument(help="The retailer's own number of the household")]
By = Annotated[str | None, typer.Option("--by", help="E-mail address of the person who does it")]


def export_one(
    household: Ref,
    out: Annotated[Path | None, typer.Option(help="The zip to write; NUMBER.zip without")] = None,
    by: By = None,
) -> None:
    """Write all that is stored of a household as one zip of JSON and CSV."""
    target = out or Path(f"household-{household}.zip".replace("/", "_"))
    unfinished = target.with_name(f"{target.name}.part")
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        try:
            with unfinished.open("wb") as file:
                export.export(database, settings, household, file, by=who, now=datetime.now(UTC))
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    unfinished.replace(target)
    say(f"written to {target}")


def erase_one(
    household: Ref,
    yes: Annotated[bool, typer.Option("--yes", help="Really: nothing brings it back")] = False,
    by: By = None,
) -> None:
    """Erase a household: who it was goes, everywhere; what was bought stays, of nobody."""
    if not yes:
        raise InvalidInput("Erasing cannot be undone; say --yes to do it.")
    now = datetime.now(UTC)
    with open_database() as (database, settings):
        report = erase(database, settings, household, by=acting(database, settings, by), now=now)
        database.compact()
    files = report.files
    say(f"erased: {report.lists} open lists withdrawn")
    if files.removed:
        say(f"files removed of batches {_numbers(files.removed)}")
    if files.again:
        say(f"to be printed again without it: batches {_numbers(files.again)}; `larder work`")
    if files.waiting:
        say(
            f"batches {_numbers(files.waiting)} are being printed, or fetched by a mailing house; "
            "their files go after that (`larder batch received`)"
        )


def close_pages(household: Ref, by: By = None) -> None:
    """Revoke the codes of a household's letters and log its phones out; lists stay good."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        codes, phones = pocket.close_pages(database, household, by=who, now=datetime.now(UTC))
    say(f"{codes} codes revoked, {phones} phones logged out; its next letter opens a page again")


def erase_again(
    log: Annotated[
        Path | None, typer.Argument(help="The log of erasures; LARDER_ERASURE_LOG without")
    ] = None,
    by: By = None,
) -> None:
    """Erase again whom a restored backup brought back; what is left in files of others, too."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        path = log or settings.erasure_log
        done = reapply.reapply_erasures(database, settings, path, by=who)
        waiting = finish_erasures(database, settings, now=datetime.now(UTC))
        database.compact()
    report_again(done, path)
    if waiting:
        say(f"{waiting} wait for a mailing house")


def report_again(done: Reapplied, path: Path) -> None:
    """Say whom a log of erasures erased again."""
    say(f"{done.erased} erased again, {done.known} were, {done.unknown} are not in this database")
    if done.damaged:
        say(f"lines {_numbers(done.damaged)} of {path} are damaged: compare with another copy")


def consents(
    household: Ref,
    give: Annotated[Purpose | None, typer.Option(help="Record that it agrees to this")] = None,
    take_back: Annotated[
        Purpose | None, typer.Option(help="Record that it no longer agrees to this")
    ] = None,
    wording: Annotated[str, typer.Option(help="With --give: the words that it agreed to")] = "",
    version: Annotated[str, typer.Option(help="With --give: the version of these words")] = "",
    place: Annotated[str, typer.Option(help="Where it said so, as a store")] = "",
    by: By = None,
) -> None:
    """What a household agreed to and took back, the newest first; or what it says now."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        found: Sequence[Consent] | None = None
        for purpose, granted in ((take_back, False), (give, True)):
            if purpose is None:
                continue
            said = Said(
                purpose, granted, ConsentChannel.DESK, wording if granted else "",
                version if granted else "", place,
            )  # fmt: skip
            found = members.say(database, household, said, by=who, now=datetime.now(UTC))
        if found is None:
            found = members.show(database, household)
    table = Table("purpose", "agrees", "since", "on", "where", "words", "who", box=None)
    for row in found:
        table.add_row(
            row.purpose, "yes" if row.granted else "no",
            f"{row.said_at:%Y-%m-%d %H:%M}" if row.said_at else "",
            row.channel, row.place, row.wording_version, row.actor,
        )  # fmt: skip
    show_table(table)


def wishes(
    household: Ref,
    act: Annotated[WishAct | None, typer.Option(help="Record that it says this")] = None,
    item: Annotated[str, typer.Option(help="Of this item, by its name")] = "",
    brand: Annotated[str, typer.Option(help="Or of this brand")] = "",
    offer: Annotated[int | None, typer.Option(help="Or of the deal of this offer")] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="With not_now: the day on which it ends"),
    ] = None,
    by: By = None,
) -> None:
    """What a household says of items, brands and deals now; or what it says now of one."""
    with open_database() as (database, settings):
        if act is None:
            found = wished.show(database, household)
        else:
            found = wished.say(
                database, settings, household,
                Wished(act, item, brand, offer, until.date() if until else None),
                channel=ConsentChannel.DESK, by=acting(database, settings, by),
                now=datetime.now(UTC),
            )  # fmt: skip
    table = Table("of", "says", "until", "since", "on", box=None)
    for each in found:
        row = each.row
        table.add_row(
            each.item or row.brand or each.deal, row.act, str(row.until or ""),
            f"{row.said_at:%Y-%m-%d %H:%M}", row.channel,
        )  # fmt: skip
    show_table(table)


def change_contact(
    household: Ref,
    email: Annotated[str | None, typer.Option(help="The e-mail address; '' removes it")] = None,
    phone: Annotated[
        str | None, typer.Option(help="The telephone number to write to; '' removes it")
    ] = None,
    by: By = None,
) -> None:
    """Change where a household that agreed to it is written to; or show it."""
    with open_database() as (database, settings):
        if email is not None or phone is not None:
            contact.change(
                database, settings, household, email=email, phone=phone,
                by=acting(database, settings, by), now=datetime.now(UTC),
            )  # fmt: skip
        ways = contact.ways(database, settings, household)
    say(f"e-mail: {ways.email or 'none'}")
    say(f"telephone: {ways.phone or 'none'}")


def _numbers(found: Sequence[int]) -> str:
    return ", ".join(map(str, found))
