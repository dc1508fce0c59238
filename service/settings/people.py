"""People: where they log in, and with which provider."""

from pydantic import Field, SecretStr

from service.settings.group import Group


class PeopleSettings(Group):
    """People."""

    person: str = Field(
        default="",
        description="E-mail address of the person who uses the command line, if nobody is bound to "
        "the machine's user",
    )
    console_url: str = Field(
        default="http://localhost:8000/console",
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
        description="Where browsers find the console; links and passkeys are bound to it",
    )
    portal_url: str = Field(
        default="http://localhost:8000/portal",
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
        description="Where browsers of suppliers find the portal; links and passkeys are bound to "
        "it",
    )
    log_in_tries: int = Field(
        default=10,
        ge=3,
        description="Wrong passwords or codes of one e-mail address within ten minutes; five times "
        "as many of one network address",
    )
    oidc_issuer: str = Field(
        default="",
        pattern=r"^(https://\S+|http://(localhost|127\.0\.0\.1)(:[0-9]+)?(/\S*)?)?$",
        description="OpenID Connect provider that people log in with, as https://login.example; "
        "empty for none",
    )
    oidc_client_id: str = Field(default="", description="The console's name at that provider")
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="The console's secret there; empty for a public client"
    )
