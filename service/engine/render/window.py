"""Envelopes with a window."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """An envelope with a window, and the folded page that can shift in it; all in mm.

    `left` and `bottom` are distances of the window from the edges of the envelope. `insert_w` and
    `insert_h` are the size of the folded page. `panel_top` and `panel_bottom` are the edges, on the
    page, of the panel behind the window; `folds` are the folds, from the top of the page.
    """

    name: str
    sheet: str
    envelope_w: float
    envelope_h: float
    left: float
    bottom: float
    w: float
    h: float
    panel_top: float
    panel_bottom: float
    insert_w: float
    insert_h: float
    folds: tuple[float, ...]

    def always_visible(self) -> tuple[float, float, float, float]:
        """What shows in the window in every position of the insert: x0, y0, x1, y1 on the page."""
        play_x, play_y = self.envelope_w - self.insert_w, self.envelope_h - self.insert_h
        return (
            self.left,
            self.panel_bottom - (self.bottom + self.h - play_y),
            self.left + self.w - play_x,
            self.panel_bottom - self.bottom,
        )

    def ever_visible(self) -> tuple[float, float, float, float]:
        """What shows in the window in some position of the insert: x0, y0, x1, y1 on the page."""
        play_x, play_y = self.envelope_w - self.insert_w, self.envelope_h - self.insert_h
        return (
            self.left - play_x,
            self.panel_bottom - (self.bottom + self.h),
            self.left + self.w,
            self.panel_bottom - (self.bottom - play_y),
        )
