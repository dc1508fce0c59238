"""What a household answers to questions about itself; its next list follows within seconds."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.engine.answers import DIETARY, Answer, Question
from service.errors import Forbidden, InvalidInput
from service.settings import Settings
from service.store import answers, consents, work
from service.store.actor import Actor
from service.store.tables.answer import HouseholdAnswer
from service.store.tables.consent import ConsentChannel, Purpose

Answers = Mapping[Question, Answer]


def add(
    session: Session,
    settings: Settings,
    household_id: int,
    answer: Answer,
    *,
    channel: ConsentChannel,
    by: Actor,
    now: datetime,
) -> None:
    """Add an answer, in the caller's transaction, and mark the household's next list as due.

    Raises InvalidInput for what nobody can mean, and Forbidden for what a household does not eat
    without its consent to that.
    """
    if fault := answer.fault():
        raise InvalidInput(fault)
    is_stated = not answer.unsaid
    if answer.question in DIETARY and is_stated and not agrees_to_diet(session, household_id):
        raise Forbidden("What a household does not eat is stored only with its consent to that.")
    if answer.question is Question.BUDGET:
        words = ""
    else:
        words = str(answer.number) if answer.number else " ".join(sorted({*answer.words}))
    answers.add(
        session,
        HouseholdAnswer(
            household_id=household_id,
            question=answer.question.value,
            words=words if is_stated else None,
            amount_cents=answer.number if answer.question is Question.BUDGET else None,
            said_on=now.astimezone(ZoneInfo(settings.timezone)).date(),
            said_at=now,
            channel=channel.value,
            actor=by.name,
        ),
    )
    work.mark_due(session, household_id, at=now)


def agrees_to_diet(session: Session, household_id: int) -> bool:
    """Whether a household agrees that what it does not eat is stored."""
    said = consents.current(session, household_id).get(Purpose.DIET)
    return said is not None and said.granted


def current(session: Session, household_id: int) -> Answers:
    """What a household answered, the newest to each question."""
    return {
        question: _answer(question, row)
        for question, row in answers.current(session, household_id).items()
    }


def _answer(question: Question, row: HouseholdAnswer) -> Answer:
    if row.words is None:
        return Answer(question, unsaid=True)
    if question is Question.BUDGET:
        return Answer(question, number=row.amount_cents)
    if question is Question.PEOPLE:
        return Answer(question, number=int(row.words))
    return Answer(question, tuple(row.words.split()))


def open_questions(settings: Settings, said: Answers) -> list[Question]:
    """The questions that a household has not been asked, in their order.

    Nobody is asked about goods that the shop has no categories of.
    """
    return [each for each in asked(settings) if each not in said]


def asked(settings: Settings) -> list[Question]:
    """The questions that this shop asks."""
    groups = settings.home_categories
    has_goods = {Question.BABY: "baby" in groups, Question.PETS: bool({*groups} - {"baby"})}
    return [each for each in Question if has_goods.get(each, True)]
