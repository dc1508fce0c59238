"""What ends at an edge of the page goes on beyond it, so that an uneven cut shows no white."""

Frame = tuple[float, float, float, float]
"""Left, foot, width and height in points."""

_EDGE_PT = 0.15
"""What ends so near to an edge of the page ends at it."""


def bled(frame: Frame, size_pt: tuple[float, float], bleed_pt: float) -> Frame:
    """The frame, stretched into the bleed where it ends at an edge of a page of this size."""
    left, foot, width, height = frame
    right, top = left + width, foot + height
    left = -bleed_pt if left < _EDGE_PT else left
    foot = -bleed_pt if foot < _EDGE_PT else foot
    right = size_pt[0] + bleed_pt if right > size_pt[0] - _EDGE_PT else right
    top = size_pt[1] + bleed_pt if top > size_pt[1] - _EDGE_PT else top
    return left, foot, right - left, top - foot


def page_box(size_pt: tuple[float, float], bleed_pt: float) -> bytes:
    """The box of a page with its bleed, as operands, from the corner of the trimmed page."""
    width, height = size_pt
    if not bleed_pt:
        return b"0 0 %g %g" % (width, height)
    return b"%g %g %g %g" % (-bleed_pt, -bleed_pt, width + bleed_pt, height + bleed_pt)
