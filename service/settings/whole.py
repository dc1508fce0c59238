"""All settings in one typed class."""

from service.settings.batches import BatchSettings
from service.settings.database import DatabaseSettings
from service.settings.deals import DealSettings
from service.settings.documents import DocumentSettings
from service.settings.executors import ExecutorSettings
from service.settings.group import Group
from service.settings.http import HttpSettings
from service.settings.jobs import JobSettings
from service.settings.letters import LetterSettings
from service.settings.lists import ListSettings
from service.settings.messages import MessageSettings
from service.settings.people import PeopleSettings
from service.settings.pictures import PictureSettings
from service.settings.retailer import RetailerSettings
from service.settings.retention import RetentionSettings
from service.settings.till import TillSettings

GROUPS: tuple[type[Group], ...] = (
    LetterSettings,
    DatabaseSettings,
    RetailerSettings,
    ListSettings,
    ExecutorSettings,
    DealSettings,
    DocumentSettings,
    TillSettings,
    BatchSettings,
    PictureSettings,
    JobSettings,
    RetentionSettings,
    PeopleSettings,
    MessageSettings,
    HttpSettings,
)
"""The groups in the order in which people read them."""


# Pydantic takes the fields of the last base first.
class Settings(
    HttpSettings,
    MessageSettings,
    PeopleSettings,
    RetentionSettings,
    JobSettings,
    PictureSettings,
    BatchSettings,
    TillSettings,
    DocumentSettings,
    DealSettings,
    ExecutorSettings,
    ListSettings,
    RetailerSettings,
    DatabaseSettings,
    LetterSettings,
):
    """Everything that can be configured. The two keys have no default: `larder init` makes them."""

    @property
    def forecast_days(self) -> int:
        """Days the forecast looks ahead from the date of a cycle."""
        return self.mail_lead_days + self.horizon_days
