"""Messages to households: by which channel e-mails and text messages go out."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from service.settings.group import Group

_NEEDS = {
    "email_channel": ("smtp_host", "message_from"),
    "sms_channel": ("smtp_host", "message_from", "sms_gateway"),
}
"""What each channel needs where it is `smtp`."""


class MessageSettings(Group):
    """Messages to households."""

    messages_folder: Path = Field(
        default=Path("messages"), description="Where the channel `file` writes, a file a message"
    )
    message_from: str = Field(
        default="",
        pattern=r'^([^@\s<>,;:()\[\]"]{1,64}@[^@\s<>,;:()\[\]"]{1,189})?$',
        description="E-mail address that messages are from; what bounces goes back there",
    )
    smtp_host: str = Field(
        default="", pattern=r"^\S*$", description="Mail server that takes messages"
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the way to it is encrypted: after STARTTLS, from the first byte, or, on "
        "one machine only, not at all",
    )
    smtp_user: str = Field(default="", description="Name to log in with there; empty for none")
    smtp_password: SecretStr = Field(
        default=SecretStr(""), description="Password to log in with there"
    )
    smtp_seconds: float = Field(
        default=15, gt=0, le=120, description="How long one answer of it may take"
    )
    sms_gateway: str = Field(
        default="",
        pattern=r"^[^@\s]*$",
        description="Domain of a gateway that makes text messages of e-mails to NUMBER@domain",
    )
    codes_most: int = Field(
        default=300,
        ge=10,
        description="One-time codes that all households together may ask for in ten minutes",
    )
    email_channel: Literal["", "file", "smtp"] = Field(
        default="", description="How e-mails go out; empty for not at all"
    )
    sms_channel: Literal["", "file", "smtp"] = Field(
        default="", description="How text messages go out; empty for not at all"
    )

    @property
    def sends_messages(self) -> bool:
        """Whether there is any way to write to a household but by post."""
        return bool(self.email_channel or self.sms_channel)

    @field_validator("email_channel", "sms_channel")
    @classmethod
    def _complete(cls, value: str, info: ValidationInfo) -> str:
        wanted = _NEEDS[info.field_name or ""] if value == "smtp" else ()
        missing = [f"LARDER_{name.upper()}" for name in wanted if not info.data.get(name)]
        if missing:
            raise ValueError(f"needs {' and '.join(missing)}")
        return value
