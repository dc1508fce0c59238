"""The retailer: its name, zone, numbers and the order of its departments."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from service.settings.group import Group


class RetailerSettings(Group):
    """The retailer."""

    client: str = Field(
        default="larder", description="First part of the mailing house's file names"
    )
    demonstration: bool = Field(
        default=False,
        description="Whether sales are history that is played back, as in `larder demo`: the "
        "console then says that no list influenced them",
    )
    timezone: str = Field(
        default="UTC", description="Zone of the planned jobs, and of a store that states none"
    )
    gcn_prefix: str = Field(
        default="952123400001",
        pattern="^[0-9]{12}$",
        description="GS1 company prefix and coupon reference: the first 12 digits of the GCN",
    )
    layout: str = Field(default="classic-a4", description="Layout that batches are printed with")
    departments: str = Field(
        default="",
        description="The store's walking order: departments parted by semicolons, then the others",
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone is called {value}") from error
        return value

    @property
    def walking_order(self) -> tuple[str, ...]:
        """The departments in the order in which a shopper passes them."""
        return tuple(name.strip() for name in self.departments.split(";") if name.strip())
