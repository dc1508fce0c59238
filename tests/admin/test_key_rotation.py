"""One LARDER_SECRET_KEY takes another's place while everybody stays known."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from sqlmodel import select

from service.admin.doctor import Verdict, examine
from service.admin.keys import add_key, authenticate
from service.admin.people import totp
from service.digests import key_mark, page_digest
from service.errors import Misconfigured, NotFound
from service.files.households import load_households
from service.members.pocket import holder_of, open_page
from service.members.renew import renew
from service.sealing import PHONES, Sealer
from service.settings import Settings
from service.store import under_key
from service.store.session import Database
from service.store.tables.access import Role
from service.store.tables.household import Contact
from service.store.tables.person import PersonRow
from service.store.tables.redemption import Redemption
from service.store.tables.shopping_list import ListPage, PageState, ShoppingList
from service.store.under_key import Left
from tests.checkout.acts import sold
from tests.conftest import CODE, SECRET
from tests.people import NOW, somebody
from tests.shop import CARDS, H1, H2, H3, Shop, shop
from tests.shop import PHONES as NUMBERS

__all__ = ["shop"]

Ask = Callable[[str], list[tuple[Any, ...]]]
NEW = "a newer secret key that only the tests know, long enough"
PAGE = "0123456789abcdefghjkmnpqrs"


def under(settings: Settings, key: str, before: str = "", **more: Any) -> Settings:
    """The settings with another key, and the one before it."""
    return Settings(
        _env_file=None,
        **(settings.model_dump() | {"secret_key": key, "secret_key_before": before} | more),
    )


def left(database: Database, settings: Settings) -> Left:
    with database.read() as session:
        return under_key.left(session, key_mark(settings.secret_key), unmarked=True)


def known(database: Database, settings: Settings, number: int, kind: str, value: str) -> bool:
    sold(database, settings, number, presented=[(kind, value)])
    with database.read() as session:
        sale = session.exec(select(Redemption).where(Redemption.number == str(number))).one()
    return sale.household_id is not None


def test_cards_phones_and_keys_stay_known_while_the_key_is_replaced(
    database: Database, settings: Settings, shop: Shop, tmp_path: Path, read_only: Ask
) -> None:
    _, api_key = add_key(database, settings, role=Role.ADMIN)
    both = under(settings, NEW, SECRET)
    # Three cards, three phones, and two API keys of which one is never shown again.
    assert left(database, both) == Left(2, 3, 3)
    assert known(database, both, 1, "card", CARDS[H1])
    assert known(database, both, 2, "phone", NUMBERS[H2])
    assert authenticate(database, both, api_key) is not None
    assert left(database, both) == Left(1, 2, 2)
    # What was shown is known by the new key alone, what was not is known by neither.
    alone = under(settings, NEW)
    assert known(database, alone, 3, "card", CARDS[H1])
    assert not known(database, alone, 4, "card", CARDS[H2])
    assert authenticate(database, alone, api_key) is not None
    found = {each.name: each for each in examine(database, both, now=NOW)}
    assert found["key before"].said == "1 API keys, 2 cards and 2 phones are known by it only"
    load_households(
        database, tmp_path / "households.csv", secret_key=both.secret_key, language="en"
    )
    assert left(database, both) == Left(1, 0, 0)
    assert read_only("SELECT count(*) FROM identity") == [(6,)]
    assert all(known(database, alone, 5 + n, "card", CARDS[h]) for n, h in enumerate((H2, H3)))
    # A third key without the second: the doctor says that nobody is known.
    lost = {each.name: each for each in examine(database, under(settings, "x" * 40), now=NOW)}
    assert lost["secret key"].verdict is Verdict.FAULT


def test_what_can_be_read_again_is_renewed_at_once(
    database: Database, settings: Settings, shop: Shop, read_only: Ask
) -> None:
    anna = somebody(database, settings, "anna")
    secret = totp.new_secret()
    ((written,),) = read_only("SELECT document FROM shopping_list WHERE id = 1")
    document = json.dumps(json.loads(written) | {"page_url": f"https://larder.example/l/{PAGE}"})
    with database.write() as session:
        session.get_one(Contact, 1).phone_sealed = Sealer(settings.secret_key, PHONES).seal("+15")
        session.get_one(PersonRow, anna.id).totp_secret = totp.seal(settings, secret)
        session.get_one(ShoppingList, 1).document = document
        digest = page_digest(settings.secret_key, PAGE)
        page = ListPage(code_digest=digest, list_id=1, state=PageState.OPEN, written_at=NOW)
        session.add(page)
    with pytest.raises(Misconfigured, match="no key to renew from"):
        renew(database, settings)
    both, alone = under(settings, NEW, SECRET), under(settings, NEW)
    browser = open_page(database, settings, PAGE, address="192.0.2.1", now=NOW)
    # Before it is renewed the page opens for both, and a browser that is there stays.
    open_page(database, both, PAGE, address="192.0.2.1", now=NOW)
    assert holder_of(database, both, browser, now=NOW).household_id == 1
    with pytest.raises(NotFound):
        open_page(database, alone, PAGE, address="192.0.2.1", now=NOW)
    with database.write() as session:
        # One that nobody can read keeps none of the others from being renewed.
        session.get_one(Contact, 2).phone_sealed = Sealer(SecretStr("x" * 32), PHONES).seal("+2")
    done = renew(database, both)
    assert (done.phones, done.second_factors, done.pages, done.lost) == (1, 1, 1, 1)
    again = renew(database, both)
    assert (again.phones, again.pages) == (0, 0)
    assert (
        Sealer(alone.secret_key, PHONES).open(
            str(read_only("SELECT phone_sealed FROM contact WHERE household_id = 1")[0][0])
        )
        == "+15"
    )
    ((sealed,),) = read_only(f"SELECT totp_secret FROM person WHERE id = {anna.id}")
    assert totp.unseal(alone, str(sealed)) == secret
    open_page(database, alone, PAGE, address="192.0.2.1", now=NOW)


def test_another_code_key_changes_no_list_that_is_there(
    database: Database, settings: Settings, shop: Shop
) -> None:
    renamed = under(settings, SECRET, code_key=CODE + "another")
    answer = sold(database, renamed, 1, presented=[("list", shop.lists[H1])])
    assert answer["total_discount_cents"] == 100


def test_a_key_before_must_be_another_key() -> None:
    keys = {"secret_key": NEW, "code_key": CODE}
    with pytest.raises(ValidationError, match="is LARDER_SECRET_KEY itself"):
        Settings(_env_file=None, secret_key_before=NEW, **keys)
    with pytest.raises(ValidationError, match="at least 32 characters"):
        Settings(_env_file=None, secret_key_before="short", **keys)
