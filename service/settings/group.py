"""What all groups of settings have in common."""

from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "LARDER_"
ENV_FILE = ".env"


class Group(BaseSettings):
    """Settings that belong together: variables of the environment, or lines of a `.env` file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, extra="ignore", hide_input_in_errors=True
    )
