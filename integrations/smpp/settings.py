"""What an operator may set of the SMPP relay."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from integrations.messages.relay_settings import RelaySettings


class SmppSettings(RelaySettings):
    """``FANZHA_SMPP_<NAME>``; 2775 is the port that IANA gives SMPP."""

    model_config = SettingsConfigDict(extra="forbid", env_prefix="FANZHA_SMPP_")

    listen: Annotated[str, Field(description="Address for ESMEs, host:port.")] = "127.0.0.1:2775"
    upstream: Annotated[str, Field(description="Address of the SMSC, host:port.")] = (
        "127.0.0.1:2776"
    )
