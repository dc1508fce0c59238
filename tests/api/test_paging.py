"""A page asks for one row more than it shows, and names the last one shown."""

from service.api.paging import page_of


def test_a_page_with_more_behind_it_gives_the_key_of_its_last_row() -> None:
    rows = [3, 5, 8]
    for limit, expected in ((2, ([3, 5], "50")), (3, ([3, 5, 8], None)), (9, ([3, 5, 8], None))):
        assert page_of(lambda most: rows[:most], limit, key=lambda row: row * 10) == expected


def test_a_page_of_nothing_ends() -> None:
    assert page_of(lambda _: [], 5, key=str) == ([], None)
