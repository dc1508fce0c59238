"""Settings from the environment (`LARDER_...`) and a `.env` file, a file a group."""

from service.settings.database import database_address
from service.settings.executors import ExecutorSettings
from service.settings.letters import FontSettings, LetterSettings
from service.settings.load import load_executor_settings, load_letter_settings, load_settings
from service.settings.sources import Setting, SettingGroup, Source, describe
from service.settings.whole import Settings

__all__ = [
    "ExecutorSettings",
    "FontSettings",
    "LetterSettings",
    "Setting",
    "SettingGroup",
    "Settings",
    "Source",
    "database_address",
    "describe",
    "load_executor_settings",
    "load_letter_settings",
    "load_settings",
]
