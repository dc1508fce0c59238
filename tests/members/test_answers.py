"""What a household does not eat keeps goods off its lists, if it agrees, and goes nowhere else."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from service.cycle.heard import read_heard
from service.engine.answers import Answer, Question
from service.engine.records import ListDocument
from service.engine.wishes import WishAct
from service.errors import Forbidden, InvalidInput
from service.jobs.worker import drain
from service.members import answers, consents, wishes
from service.members.consents import Said
from service.members.suits import Suits, judge
from service.members.wishes import Wished
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.consent import ConsentChannel, Purpose
from tests.market import AS_OF, cycle, open_issued, query, store_model
from tests.members.search import in_tables

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
BY = Actor("tests")
M03 = 3


@pytest.fixture
def issued(database: Database, settings: Settings, tmp_path: Path) -> None:
    open_issued(database, settings, tmp_path)


def answer(database: Database, settings: Settings, said: Answer) -> None:
    with database.write() as session:
        answers.add(session, settings, M03, said, channel=ConsentChannel.PAGE, by=BY, now=NOW)


def consent(database: Database, *, granted: bool) -> None:
    words = ("You may.", "1") if granted else ("", "")
    said = Said(Purpose.DIET, granted, ConsentChannel.PAGE, *words)
    consents.say(database, "M03", said, by=BY, now=NOW)


def draft(database: Database, settings: Settings) -> ListDocument:
    drain(database, settings)
    ((text,),) = query(
        database,
        f"SELECT document FROM shopping_list WHERE state = 'draft' AND household_id = {M03}",
    )
    return ListDocument.from_json(str(text))


def execute(database: Database, *statements: str) -> None:
    with database.write() as session:
        for statement in statements:
            session.connection().exec_driver_sql(statement)


def test_what_a_household_does_not_eat_is_on_no_list_of_it(
    database: Database, settings: Settings, issued: None
) -> None:
    nuts = Answer(Question.ALLERGIES, ("peanuts",))
    with pytest.raises(Forbidden):
        answer(database, settings, nuts)
    answer(database, settings, Answer(Question.ALLERGIES, unsaid=True))
    before = draft(database, settings)
    offer, item = before.offers[0].offer_id, before.reminders[0].item_id
    some = f"SELECT min(gtin) FROM offer_product WHERE offer_id = {offer}"
    execute(
        database,
        f"UPDATE product SET allergens = 'milk peanuts' WHERE gtin = ({some}) OR item_id = {item}",
        f"UPDATE product SET allergens = '' WHERE allergens IS NULL AND gtin <> ({some})",
    )
    consent(database, granted=True)
    answer(database, settings, nuts)
    after = draft(database, settings)
    assert offer not in {line.offer_id for line in after.offers}
    assert item not in {line.item_id for line in after.reminders}
    with database.read() as session:
        assert judge(session, M03, after) == {}
        judged = judge(session, M03, before)
    assert judged[before.offers[0].line] == judged[before.reminders[0].line] == Suits.NO
    # The next cycle knows, and nobody else learns of it.
    day = AS_OF.replace(day=16)
    store_model(database, settings, day)
    cycle(database, settings, as_of=day)
    given = {
        number
        for (number,) in query(
            database,
            f"""SELECT s.household_id FROM list_line l JOIN shopping_list s ON s.id = l.list_id
                WHERE l.offer_id = {offer} AND s.valid_from = '{day}'""",
        )
    }
    assert given
    assert M03 not in given
    assert in_tables(database, ["peanuts"]) == {
        ("product", "allergens"), ("household_answer", "words")
    }  # fmt: skip
    # Taken back, it is deleted, and the draft is as it was.
    consent(database, granted=False)
    assert query(database, "SELECT count(*) FROM household_answer") == [(0,)]
    with database.read() as session:
        assert judge(session, M03, before) == {}


def test_what_nobody_knows_is_said_and_does_not_exclude(
    database: Database, settings: Settings, issued: None
) -> None:
    consent(database, granted=True)
    answer(database, settings, Answer(Question.DIETS))
    before = draft(database, settings)
    answer(database, settings, Answer(Question.DIETS, ("vegan",)))
    after = draft(database, settings)
    assert [each.offer_id for each in after.offers] == [each.offer_id for each in before.offers]
    with database.read() as session:
        assert {*judge(session, M03, after).values()} == {Suits.UNKNOWN}
    # What is known to suit no diet is not vegan.
    execute(database, "UPDATE product SET diets = ''")
    answer(database, settings, Answer(Question.DIETS, ("vegan",)))
    assert draft(database, settings).offers == ()
    assert query(database, "SELECT count(*) FROM household_answer") == [(1,)]


def test_who_lives_there_and_which_brands_are_heard(
    database: Database, settings: Settings, issued: None
) -> None:
    shop = settings.model_copy(
        update={"baby_categories": "Category 1; Category 2", "dog_categories": "Category 3"}
    )
    assert Question.BABY not in answers.asked(settings)
    assert answers.open_questions(shop, {}) == [*Question]
    for said in (
        Answer(Question.BABY, ("no",)), Answer(Question.PETS, ("dog",)),
        Answer(Question.PEOPLE, number=2), Answer(Question.PEOPLE, number=4),
    ):  # fmt: skip
        answer(database, shop, said)
    own, national = "Brand 5", "Brand 1"
    for act, brand in ((WishAct.PREFER, own), (WishAct.NEVER, national)):
        wishes.say(
            database, shop, "M03", Wished(act, brand=brand), channel=ConsentChannel.PAGE, by=BY,
            now=NOW,
        )  # fmt: skip
    offer_ids = [int(number) for (number,) in query(database, "SELECT id FROM offer")]
    with database.read() as session:
        heard = read_heard(session, shop, offer_ids)
        said_of = answers.current(session, M03)
    assert said_of[Question.PEOPLE] == Answer(Question.PEOPLE, number=4)
    groups = heard.said.homes.select("group", "item_id", "is_there").rows()
    assert {(group, there) for group, _, there in groups} == {("baby", False), ("dog", True)}
    assert heard.said.paces.rows() == [(M03, date(2026, 3, 3), 0.5)]
    assert {*heard.said.of_items()["act"]} == {"never"}
    categories = dict(heard.brands.select("category_id", "brand").iter_rows())
    assert {*categories.values()} == {"store_brand"}
    assert len(categories) == 4
    acts = dict(heard.of_offers.group_by("act").len().iter_rows())
    assert acts.keys() == {"never", "prefer"}
    with pytest.raises(InvalidInput):
        answer(database, shop, Answer(Question.BABY, ("maybe",)))
