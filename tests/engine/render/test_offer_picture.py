"""What is cut out of a letter for the picture of a deal."""

import pytest

from service.engine.render import frames_of_offer
from service.files import layouts


@pytest.mark.parametrize("name", layouts.names())
def test_each_part_is_cut_out_once(name: str) -> None:
    layout = layouts.load(name)

    alone, whole = (frames_of_offer(layout, has_legal=legal) for legal in (False, True))

    assert len(alone) == 1
    assert len(whole) == 2
    assert alone[0] in whole
    assert whole[0] != whole[1]
