"""One question at a time, each with its use; all of it in one place, where it can be changed."""

from service.engine.answers import Question
from service.engine.diets import Allergen, Diet
from service.engine.wishes import WishAct
from service.members.told import SHOWN
from service.pages.languages import LANGUAGES, language_of
from service.pocket import words
from service.pocket.policy import KEPT
from service.store.exports import EXPORTED
from tests.market import query
from tests.pocket.conftest import House, with_settings
from tests.pocket.test_list import known, opened


def test_every_question_word_act_and_purpose_is_named() -> None:
    assert words.QUESTIONS.keys() == {*Question}
    assert {*Allergen, *Diet} <= words.WORDS.keys()
    assert words.ACTS.keys() == {*WishAct}
    assert words.PURPOSES.keys() == {*SHOWN}


def test_a_question_says_its_use_and_what_is_eaten_needs_consent_first(house: House) -> None:
    phone = known(house)
    page = phone.get("/pocket/told")
    first = words.QUESTIONS[Question.ALLERGIES]
    for text in (first.text, first.use, "This is no medical advice"):
        assert text in page.text
    assert words.PURPOSES[SHOWN[2]] in page.text
    assert words.QUESTIONS[Question.DIETS].text not in page.text
    refused = phone.post("/pocket/answer", data={"question": "allergies", "words": ["nuts"]})
    assert refused.status_code == 403
    phone.post("/pocket/agree", data={"purpose": "diet", "granted": "true"})
    page = phone.post("/pocket/answer", data={"question": "allergies", "words": ["nuts", "milk"]})
    assert "Must not be in our food: Milk, Nuts" in page.text
    assert words.QUESTIONS[Question.DIETS].text in page.text
    agreed = "SELECT wording, wording_version, channel FROM consent WHERE purpose = 'diet'"
    assert query(house.database, agreed) == [
        (words.PURPOSES[SHOWN[2]], f"{words.VERSION} en", "page")
    ]
    # What nobody knows of is marked on the list, in its offers and in its items.
    assert "read the package" in phone.get("/pocket/").text
    assert "read the package" not in opened(house).get("/pocket/").text
    for gone in ("diets", "people"):
        page = phone.post("/pocket/answer", data={"question": gone, "unsaid": "true"})
    assert "People at home: not said" in page.text
    # This shop has no goods for babies or pets to ask about.
    assert words.QUESTIONS[Question.BUDGET].text in page.text
    assert words.QUESTIONS[Question.BABY].text not in page.text
    unclear = phone.post("/pocket/answer", data={"question": "budget", "number": "lots"})
    assert "We did not understand that" in unclear.text
    page = phone.post("/pocket/answer", data={"question": "budget", "number": "80.50"})
    assert "A week's budget: $80.50" in page.text
    assert 'class="ask"' not in page.text
    assert "your budget is $80.50 a week" in phone.get("/pocket/").text
    phone.post("/pocket/agree", data={"purpose": "diet", "granted": "false"})
    assert "Milk, Nuts" not in phone.get("/pocket/told").text
    # What was not said stays, so that it is not asked again.
    assert "read the package" not in phone.get("/pocket/").text


def test_brands_and_offers_are_wished_for_and_taken_back(house: House) -> None:
    phone = known(house)
    offer = house.document("M03").offers[0].offer_id
    assert f'data-offer="{offer}"' in phone.get("/pocket/").text
    phone.post("/pocket/wish", data={"act": "prefer", "offer_id": str(offer)})
    said = phone.post("/pocket/wish", data={"act": "never", "brand": "Brand 1", "page": "told"})
    assert "Brand 1: Never again" in said.text
    assert ": More of this" in said.text
    unknown = phone.post("/pocket/wish", data={"act": "never", "brand": "Bran", "page": "told"})
    assert "We know no such brand" in unknown.text
    back = phone.post("/pocket/wish", data={"act": "anything", "brand": "Brand 1", "page": "told"})
    assert "Brand 1" not in back.text


def test_only_who_showed_a_card_sees_or_says_anything(house: House) -> None:
    phone = opened(house)
    for answer in (
        phone.get("/pocket/told"),
        phone.post("/pocket/answer", data={"question": "people", "number": "3"}),
        phone.post("/pocket/agree", data={"purpose": "profile", "granted": "false"}),
        phone.post("/pocket/wish", data={"act": "never", "brand": "Brand 1"}),
    ):
        assert "Show a card or telephone number first." in answer.text
    assert query(house.database, "SELECT count(*) FROM household_answer") == [(0,)]


def test_who_agrees_to_no_profile_is_told_that_there_are_no_lists(house: House) -> None:
    phone = known(house)
    assert "You get no lists" not in phone.get("/pocket/told").text
    page = phone.post("/pocket/agree", data={"purpose": "profile", "granted": "false"})
    assert "You get no lists" in page.text
    assert (
        phone.post("/pocket/agree", data={"purpose": "sms", "granted": "true"}).status_code == 404
    )


def test_where_lists_are_made_without_a_profile_the_pages_say_so(house: House) -> None:
    general = with_settings(house, without_profile="general")
    phone = known(general)
    assert "Your lists follow from nothing" not in phone.get("/pocket/told").text
    page = phone.post("/pocket/agree", data={"purpose": "profile", "granted": "false"})
    assert "Your lists follow from nothing that you bought" in page.text
    assert "You get no lists" not in page.text
    assert "nothing that you bought decides" in phone.get("/pocket/policy").text
    # This letter was made before.
    assert "This list follows from nothing" not in phone.get("/pocket/").text
    with house.database.write() as session:
        session.connection().exec_driver_sql(
            """UPDATE shopping_list
               SET document = replace(document, '"is_general":false', '"is_general":true')"""
        )
    assert "This list follows from nothing that you bought" in phone.get("/pocket/").text


def test_the_page_speaks_each_language(house: House) -> None:
    phone = known(house)
    for tag in LANGUAGES:
        with house.database.write() as session:
            session.connection().exec_driver_sql(f"UPDATE household SET language = '{tag}'")
        text = language_of(tag).text(words.QUESTIONS[Question.ALLERGIES].text)
        assert text in phone.get("/pocket/told").text


def test_the_policy_names_all_that_is_kept_and_needs_no_log_in(house: House) -> None:
    assert sorted(table for row in KEPT for table in row.tables) == sorted(EXPORTED)
    assert {row.tables[0] for row in KEPT if "%(days)s" in row.until} == {
        "contact", "own_items", "messages"
    }  # fmt: skip
    guest = house.phone()
    page = guest.get("/pocket/policy").text
    for row in KEPT:
        assert row.why in page
    assert f"go after {house.settings.purge_days} days" in page
    assert "What you bought goes" not in page
    kept = with_settings(house, keep_baskets_days=400, keep_audit_days=31)
    page_of_kept = kept.phone().get("/pocket/policy").text
    assert "What you bought goes after 400 days" in page_of_kept
    assert "Who looked goes after 31 days" in page_of_kept
    assert "Refused offers go" not in page_of_kept
    german = guest.get("/pocket/policy", headers={"Accept-Language": "de"}).text
    assert language_of("de").text(KEPT[1].why) in german
