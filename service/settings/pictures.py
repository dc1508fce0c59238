"""Pictures: how large they may be and where they are fetched from."""

from ipaddress import ip_network

from pydantic import Field, field_validator

from service.settings.group import Group


class PictureSettings(Group):
    """Pictures."""

    picture_max_bytes: int = Field(
        default=20_971_520, ge=1024, description="Largest file of a picture"
    )
    picture_seconds: float = Field(
        default=15, gt=0, description="Seconds that fetching a picture may take"
    )
    picture_networks: str = Field(
        default="",
        description="Private networks that pictures may be fetched from, as 10.20.0.0/16, by "
        "semicolons; public addresses always may",
    )

    @field_validator("picture_networks")
    @classmethod
    def _known_networks(cls, value: str) -> str:
        for part in value.replace(",", " ").replace(";", " ").split():
            ip_network(part)
        return value
