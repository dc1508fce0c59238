"""Settings from the environment (`LARDER_...`) and a `.env` file, a file a group."""

from service.settings.database import database_address
from service.settings.letters import FontSettings, LetterSettings
from service.settings.load import load_letter_settings, load_settings
from service.settings.whole import GROUPS, Settings

__all__ = [
    "GROUPS",
    "FontSettings",
    "LetterSettings",
    "Settings",
    "database_address",
    "load_letter_settings",
    "load_settings",
]
