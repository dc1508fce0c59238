"""Queries on what households answer to questions about themselves."""

from collections.abc import Mapping, Sequence

import polars as pl
from sqlalchemy import text
from sqlmodel import Session, col, delete, select

from service.engine.answers import (
    DIETARY,
    HOMES,
    PETS,
    YES,
    HomeMember,
    Question,
    no_homes,
    paces,
)
from service.store.bulk import stage
from service.store.tables.answer import HouseholdAnswer
from service.store.tables.catalogue import Category, Item

_STAGED = "AND household_id IN (SELECT key FROM staged_answerer)"
_NEWEST = """SELECT household_id, question, words, said_on FROM household_answer WHERE id IN (
        SELECT max(id) FROM household_answer WHERE question IN ({of}) {some}
        GROUP BY household_id, question) AND words IS NOT NULL ORDER BY household_id, question"""
_PEOPLE = """SELECT household_id, said_on, words FROM household_answer
    WHERE question = 'people' AND words IS NOT NULL {some} ORDER BY household_id, id"""


def add(session: Session, row: HouseholdAnswer) -> HouseholdAnswer:
    """Add an answer; of what a household does not eat the one before is deleted."""
    if row.question in DIETARY:
        session.exec(
            delete(HouseholdAnswer).where(
                col(HouseholdAnswer.household_id) == row.household_id,
                col(HouseholdAnswer.question) == row.question,
            )
        )
    session.add(row)
    session.flush()
    return row


def current(session: Session, household_id: int) -> dict[Question, HouseholdAnswer]:
    """The newest answer of a household to each question that it answered."""
    statement = select(HouseholdAnswer).where(HouseholdAnswer.household_id == household_id)
    rows = session.exec(statement.order_by(col(HouseholdAnswer.id))).all()
    return {Question(row.question): row for row in rows}


def any_answers(session: Session, household_ids: Sequence[int] | None) -> bool:
    """Whether one of some households, or of all, ever answered anything."""
    some = _some(session, household_ids)
    query = f"SELECT 1 FROM household_answer WHERE true {some} LIMIT 1"
    return session.execute(text(query)).first() is not None


def changed_paces(session: Session, household_ids: Sequence[int] | None = None) -> pl.DataFrame:
    """By how much the number of people changed, of those of whom it did (`answers.PACES`)."""
    query = text(_PEOPLE.format(some=_some(session, household_ids)))
    typed = query.columns(HouseholdAnswer.household_id, HouseholdAnswer.said_on)  # type: ignore[arg-type]
    rows = session.execute(typed)
    return paces([(household_id, said_on, int(words)) for household_id, said_on, words in rows])


def homes(
    session: Session,
    categories: Mapping[str, Sequence[str]],
    household_ids: Sequence[int] | None = None,
) -> pl.DataFrame:
    """The goods of who lives in households, or does not, in the columns of `answers.HOMES`.

    `categories` are the names of the categories that are theirs, by `HomeMember`.
    """
    wanted = [name for names in categories.values() for name in names]
    if not wanted:
        return no_homes()
    query = _NEWEST.format(of="'baby', 'pets'", some=_some(session, household_ids))
    typed = text(query).columns(
        HouseholdAnswer.household_id, HouseholdAnswer.question, HouseholdAnswer.words,  # type: ignore[arg-type]
        HouseholdAnswer.said_on,  # type: ignore[arg-type]
    )  # fmt: skip
    said = [
        (household_id, member.value, is_there, said_on)
        for household_id, question, words, said_on in session.execute(typed)
        for member, is_there in _members(question, words.split())
    ]
    if not said:
        return no_homes()
    found = session.exec(
        select(Category.name, Item.id)
        .join(Category, col(Category.id) == col(Item.category_id))
        .where(col(Category.name).in_(wanted))
    ).all()
    goods = [
        (member, item_id)
        for member, names in categories.items()
        for name, item_id in found
        if name in names
    ]
    members = pl.DataFrame(
        said,
        schema={key: HOMES[key] for key in ("household_id", "group", "is_there", "said_on")},
        orient="row",
    )
    of_groups = pl.DataFrame(
        goods, schema={key: HOMES[key] for key in ("group", "item_id")}, orient="row"
    )
    joined = members.join(of_groups, on="group").select(*HOMES)
    return joined.sort("household_id", "group", "item_id")


def _members(question: str, words: Sequence[str]) -> list[tuple[HomeMember, bool]]:
    if question == Question.BABY:
        return [(HomeMember.BABY, words == [YES])]
    return [(pet, pet.value in words) for pet in PETS]


def _some(session: Session, household_ids: Sequence[int] | None) -> str:
    if household_ids is None:
        return ""
    stage(session, "staged_answerer", pl.DataFrame({"key": household_ids}, {"key": pl.Int64}))
    return _STAGED
