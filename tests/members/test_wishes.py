"""What a household says reaches its draft, its next cycle, and nobody else."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from service.cycle.inputs import read_inputs
from service.cycle.overrides import OverrideWanted, make_override
from service.engine.offers.overrides import OverrideAct
from service.engine.records import ListDocument
from service.engine.wishes import WishAct
from service.errors import InvalidInput, NotFound
from service.jobs.worker import drain
from service.members import wishes
from service.members.wishes import Wished
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.consent import ConsentChannel
from tests.market import AS_OF, cycle, open_issued, query, store_model

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
BY = Actor("tests")
M03 = 3


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def say(database: Database, settings: Settings, act: WishAct, **of: object) -> None:
    wished = Wished(act, **of)  # type: ignore[arg-type]
    wishes.say(
        database, settings, "M03", wished, channel=ConsentChannel.PAGE, by=BY, now=NOW
    )  # fmt: skip


def draft(database: Database, settings: Settings) -> ListDocument:
    drain(database, settings)
    ((text,),) = query(
        database,
        f"SELECT document FROM shopping_list WHERE state = 'draft' AND household_id = {M03}",
    )
    return ListDocument.from_json(str(text))


def test_what_is_said_is_on_the_draft_and_what_is_never_wanted_is_not(
    database: Database, settings: Settings, issued: None
) -> None:
    say(database, settings, WishAct.ANYTHING, item="Item 0")
    before = draft(database, settings)
    first, second, third = (line.item for line in before.reminders[:3])
    say(database, settings, WishAct.NEVER, item=first)
    say(database, settings, WishAct.SOONER, item=second)
    say(database, settings, WishAct.FAVOURITE, item=third)
    after = draft(database, settings)
    items = {line.item: line for line in after.reminders}
    assert first not in {*items, *(line.item for line in after.offers)}
    said = {items[name].reason for name in (second, third) if name in items}
    covered = {line.item for line in after.offers}
    assert said == {
        text
        for name, text in (
            (second, "because you said it ran out"),
            (third, "because you said it is a favourite"),
        )
        if name not in covered
    }
    assert said
    # Taken back, it is as it was.
    for name in (first, second, third):
        say(database, settings, WishAct.ANYTHING, item=name)
    assert draft(database, settings) == before


def test_the_next_cycle_knows_and_a_pin_does_not_beat_it(
    database: Database, settings: Settings, issued: None
) -> None:
    lines = query(
        database,
        f"""SELECT l.offer_id, o.deal_id FROM list_line l
            JOIN shopping_list s ON s.id = l.list_id JOIN offer o ON o.id = l.offer_id
            WHERE s.household_id = {M03} AND s.state = 'issued' ORDER BY l.line""",
    )
    refused = int(str(lines[0][0]))
    pin = OverrideWanted(OverrideAct.PIN, refused, reason="try", household="M03")
    make_override(database, pin, by=BY, now=NOW)
    say(database, settings, WishAct.NEVER, offer_id=refused)
    day = AS_OF.replace(day=16)
    store_model(database, settings, day)
    cycle(database, settings, as_of=day)
    given = query(
        database,
        f"""SELECT s.household_id FROM list_line l JOIN shopping_list s ON s.id = l.list_id
            WHERE l.offer_id = {refused} AND s.valid_from = '2026-03-16'""",
    )
    assert given
    assert (M03,) not in given


def test_brands_count_where_all_of_an_offer_is_of_them(
    database: Database, settings: Settings, issued: None
) -> None:
    ((brand, offer_id),) = query(
        database,
        """SELECT g.brand, p.offer_id FROM offer_product p JOIN product g ON g.gtin = p.gtin
           WHERE g.brand <> '' ORDER BY p.offer_id, g.gtin LIMIT 1""",
    )
    say(database, settings, WishAct.NEVER, brand=str(brand))
    with database.read() as session:
        running = read_inputs(session, settings, as_of=date(2026, 3, 3)).running
    bans = running.overrides.filter(running.overrides["household_id"] == M03)
    brands = dict(
        query(
            database,
            "SELECT p.offer_id, count(DISTINCT g.brand) FROM offer_product p "
            "JOIN product g ON g.gtin = p.gtin GROUP BY p.offer_id",
        )
    )
    assert (offer_id in bans["offer_id"]) == (brands[offer_id] == 1)
    assert all(brands[each] == 1 for each in bans["offer_id"])


@pytest.mark.parametrize(
    ("wished", "error"),
    [
        (Wished(WishAct.NEVER), InvalidInput),
        (Wished(WishAct.NEVER, item="Item 0", brand="x"), InvalidInput),
        (Wished(WishAct.ENOUGH, brand="x"), InvalidInput),
        (Wished(WishAct.NEVER, item="Item 0", until=date(2026, 4, 1)), InvalidInput),
        (Wished(WishAct.NOT_NOW, item="Item 0", until=date(2026, 3, 3)), InvalidInput),
        (Wished(WishAct.NEVER, item="nothing"), NotFound),
        (Wished(WishAct.NEVER, brand="nothing"), NotFound),
        (Wished(WishAct.NEVER, offer_id=999_999), NotFound),
    ],
)
def test_what_nobody_can_mean_is_refused(
    database: Database, settings: Settings, issued: None, wished: Wished, error: type[Exception]
) -> None:
    with pytest.raises(error):
        wishes.say(
            database, settings, "M03", wished, channel=ConsentChannel.API, by=BY, now=NOW
        )  # fmt: skip
    assert query(database, "SELECT count(*) FROM wish") == [(0,)]
