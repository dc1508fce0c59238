from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.render.columns import balance
from service.engine.render.plans import Row


def _block(name, *heights):
    head = Row(f"{name}".encode(), 10)
    return head, tuple(Row(f"{name}{n}".encode(), h) for n, h in enumerate(heights))


def _names(columns):
    return [[row.fall.decode() for _, row, _ in column] for column in columns]


def test_departments_stay_together_and_columns_even_out():
    blocks = [_block("a", 20, 20), _block("b", 20), _block("c", 20)]
    assert _names(balance(blocks, columns=2, room=200, gap=5)) == [
        ["a", "a0", "a1"],
        ["b", "b0", "c", "c0"],
    ]


def test_a_department_that_must_split_repeats_its_heading():
    columns = balance([_block("a", 20, 20, 20, 20)], columns=2, room=55, gap=5)
    assert _names(columns) == [["a", "a0", "a1"], ["a", "a2", "a3"]]
    assert [[heading for _, _, heading in column] for column in columns] == [
        [True, False, False],
        [True, False, False],
    ]


def test_a_heading_never_stands_alone_at_the_foot():
    columns = balance([_block("a", 20), _block("b", 30, 30)], columns=3, room=45, gap=0)
    assert all(column[-1][2] is False for column in columns)


def test_what_does_not_fit_is_not_placed():
    assert balance([_block("a", 20, 20)], columns=1, room=45, gap=5) is None
    assert balance([], columns=2, room=45, gap=5) == []


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.integers(5, 30), min_size=1, max_size=5), min_size=1, max_size=8),
    st.integers(1, 3),
    st.integers(40, 400),
)
def test_every_row_is_placed_once_in_order_within_the_room(heights, columns, room):
    blocks = [_block(chr(97 + n), *rows) for n, rows in enumerate(heights)]
    placed = balance(blocks, columns=columns, room=room, gap=4)
    if placed is None:
        return
    assert len(placed) <= columns
    rows = [row.fall for column in placed for _, row, heading in column if not heading]
    assert rows == [row.fall for _, block in blocks for row in block]
    for column in placed:
        end = 0.0
        for offset, row, _ in column:
            assert offset >= end - 1e-9
            end = offset + row.height
        assert end <= room + 0.02
