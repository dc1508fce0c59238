"""Which characters can be set one by one, and which need shaping or run from right to left."""

import re

_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_JOINED = (
    "\u0300-\u036f\u0900-\u109f\u1780-\u17ff\u1a20-\u1aff\u1b00-\u1c4f\u1cd0-\u1cff\u1dc0-\u1dff"
    "\u20d0-\u20ff\u3099\u309a\ua800-\ua82f\ua840-\ua9df\uaa00-\uaadf\uabc0-\uabff\ufe20-\ufe2f"
)
_SELECTORS = "\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef"
RIGHT_TO_LEFT = re.compile(f"[{_RIGHT_TO_LEFT}]")
SHAPED = re.compile(
    f"[{_RIGHT_TO_LEFT}{_JOINED}{_SELECTORS}\u061c\u200e\u200f\U00010000-\U0010ffff]"
)
"""Letters that join, turn or carry marks, and all beyond the 65,536 codes that text can hold."""
DIRECTIONS = frozenset("\u061c\u200e\u200f")
"""Marks that say in which direction what is beside them runs. They are not seen."""
CLINGING = re.compile(f"[{_SELECTORS}]")
"""Joiners and selectors of a form: they go with the letter before and need no glyph."""
PICTURES = "[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
"""A pattern of small pictures (emoji), for Python and for columns of texts."""
_EMOJI = re.compile(f"{PICTURES}|[\ufe0e\ufe0f\u20e3]")
_LANGUAGES = frozenset(("ar", "dv", "fa", "he", "ku", "ps", "ur", "yi"))


def runs_right_to_left(language: str) -> bool:
    """Whether the paragraphs of a language begin on the right."""
    return language.replace("_", "-").split("-")[0].lower() in _LANGUAGES


def is_emoji(character: str) -> bool:
    """Whether a character is a small picture, or changes the look of one."""
    return bool(_EMOJI.fullmatch(character))
