"""The page in every language, in the language of the list."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from service.pages.languages import LANGUAGES, language_of
from service.store.tables.shopping_list import ShoppingList
from tests.pocket.conftest import CODES, House

HEADINGS = {"en": "Your list", "de": "Ihre Liste", "zh": "您的清单"}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_page_speaks_the_language_of_the_list(house: House, tag: str) -> None:
    document = replace(house.document("M03"), language=f"{tag}-XX").to_json()
    with house.database.write() as session:
        session.execute(update(ShoppingList).values(document=document))
    page = house.phone().get(f"/l/{CODES['M03']}").text
    assert f'<html lang="{tag}">' in page
    assert f"<h1>{HEADINGS[tag]}</h1>" in page
    assert language_of(tag).text("Send no more letters") in page
