"""What the household's page calls questions, answers and purposes, and what each is good for."""

from typing import NamedTuple

from service.engine.answers import NO, YES, HomeMember, Question
from service.engine.diets import Allergen, Diet
from service.engine.wishes import WishAct
from service.pages.languages import mark
from service.store.tables.consent import Purpose

VERSION = "2026-11"
"""The version of the words that consents on the page answer."""


class Asked(NamedTuple):
    """A question as it is asked, what it is called, and what an answer is good for."""

    text: str
    name: str
    use: str


QUESTIONS = {
    Question.ALLERGIES: Asked(
        mark("Is there anything that must not be in your food?"),
        mark("Must not be in our food"),
        mark("Goods with it come off your lists, as far as we know what is in them."),
    ),
    Question.DIETS: Asked(
        mark("How do you eat?"),
        mark("How we eat"),
        mark("Goods that do not go with it come off your lists, as far as we know."),
    ),
    Question.PEOPLE: Asked(
        mark("How many are you at home?"),
        mark("People at home"),
        mark("When the number changes, we reckon at once that things run out sooner or later."),
    ),
    Question.BABY: Asked(
        mark("Is there a baby at home?"),
        mark("A baby"),
        mark("Your lists have what a baby needs, or none of it."),
    ),
    Question.PETS: Asked(
        mark("Which animals live with you?"),
        mark("Animals"),
        mark("Your lists have what they need, and nothing for animals that you do not have."),
    ),
    Question.BUDGET: Asked(
        mark("How much would you like to spend a week?"),
        mark("A week's budget"),
        mark("Your list says beside it what it comes to. Nobody else sees it."),
    ),
}
WORDS = {
    Allergen.GLUTEN: mark("Gluten"),
    Allergen.CRUSTACEANS: mark("Crustaceans"),
    Allergen.EGGS: mark("Eggs"),
    Allergen.FISH: mark("Fish"),
    Allergen.PEANUTS: mark("Peanuts"),
    Allergen.SOYBEANS: mark("Soya"),
    Allergen.MILK: mark("Milk"),
    Allergen.NUTS: mark("Nuts"),
    Allergen.CELERY: mark("Celery"),
    Allergen.MUSTARD: mark("Mustard"),
    Allergen.SESAME: mark("Sesame"),
    Allergen.SULPHITES: mark("Sulphites"),
    Allergen.LUPIN: mark("Lupin"),
    Allergen.MOLLUSCS: mark("Molluscs"),
    Diet.VEGETARIAN: mark("Vegetarian"),
    Diet.VEGAN: mark("Vegan"),
    Diet.HALAL: mark("Halal"),
    Diet.KOSHER: mark("Kosher"),
    Diet.LACTOSE_FREE: mark("Without lactose"),
    HomeMember.CAT: mark("Cat"),
    HomeMember.DOG: mark("Dog"),
    HomeMember.OTHER_PET: mark("Another animal"),
    YES: mark("Yes"),
    NO: mark("No"),
}
ACTS = {
    WishAct.NEVER: mark("Never again"),
    WishAct.PREFER: mark("More of this"),
    WishAct.NOT_NOW: mark("Not now"),
    WishAct.ENOUGH: mark("We have enough"),
    WishAct.SOONER: mark("It ran out"),
    WishAct.FAVOURITE: mark("A favourite"),
    WishAct.ANYTHING: mark("Take back"),
}
OF_ITEMS = tuple(each for each in ACTS if each is not WishAct.PREFER)
OF_OTHERS = (WishAct.NEVER, WishAct.PREFER, WishAct.ANYTHING)
PURPOSES = {
    Purpose.LETTER: mark("You may send us lists by post."),
    Purpose.PROFILE: mark("What we buy may decide what is on our lists."),
    Purpose.DIET: mark(
        "You may store what we do not eat, which may say something about our health or faith, to "
        "keep such goods off our lists. Nobody else gets it. We can take this back at any time; "
        "what we told is deleted then."
    ),
    Purpose.PARTNER_SLOTS: mark("Words of partners may be on our lists."),
}
"""What a household agrees to, in the words that are stored with its consent."""
