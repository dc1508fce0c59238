from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.render.columns import balance_columns

HEAD = 10


def test_departments_stay_together_and_columns_even_out():
    blocks = [(HEAD, (20, 20)), (HEAD, (20,)), (HEAD, (20,))]
    whole = balance_columns(blocks, columns=2, room=200, gap=5)
    assert whole == (((0, 0, None),), ((1, 0, None), (2, 0, None)))


def test_a_department_that_must_split_goes_on_in_the_next_column():
    columns = balance_columns([(HEAD, (20, 20, 20, 20))], columns=2, room=55, gap=5)
    assert columns == [[(0, 0, 2)], [(0, 2, None)]]


def test_a_heading_never_stands_alone_at_the_foot():
    columns = balance_columns([(HEAD, (20,)), (HEAD, (30, 30))], columns=3, room=45, gap=0)
    assert columns == [[(0, 0, None)], [(1, 0, 1)], [(1, 1, None)]]


def test_what_does_not_fit_is_not_placed():
    assert balance_columns([(HEAD, (20, 20))], columns=1, room=45, gap=5) is None
    assert balance_columns([], columns=2, room=45, gap=5) == []


@settings(max_examples=200)
@given(
    st.lists(st.lists(st.integers(5, 30), min_size=1, max_size=5), min_size=1, max_size=8),
    st.integers(1, 3),
    st.integers(40, 400),
)
def test_every_row_is_placed_once_in_order_within_the_room(heights, columns, room):
    gap = 4
    blocks = [(HEAD, rows) for rows in heights]
    columns_filled = balance_columns(blocks, columns=columns, room=room, gap=gap)
    if columns_filled is None:
        return
    assert len(columns_filled) <= columns
    rows = [
        (block, row)
        for column in columns_filled
        for block, first, end in column
        for row in range(len(heights[block]))[first:end]
    ]
    assert rows == [
        (block, row) for block, given in enumerate(heights) for row in range(len(given))
    ]
    for column in columns_filled:
        assert all(heights[block][first:end] for block, first, end in column)
        height = sum(HEAD + sum(heights[block][first:end]) for block, first, end in column)
        assert height + gap * (len(column) - 1) <= room + 0.02
