"""What an operator may set of the CMPP relay."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from integrations.messages.carried_message import Coding
from integrations.messages.relay_settings import RelaySettings


class CmppSettings(RelaySettings):
    """``FANZHA_CMPP_<NAME>``; 7890 is the port that gateways of China Mobile use."""

    model_config = SettingsConfigDict(extra="forbid", env_prefix="FANZHA_CMPP_")

    listen: Annotated[str, Field(description="Address for SPs, host:port.")] = "127.0.0.1:7890"
    upstream: Annotated[str, Field(description="Address of the ISMG, host:port.")] = (
        "127.0.0.1:7891"
    )
    max_pdu_bytes: Annotated[
        int, Field(ge=512, le=1_048_576, description="Longest PDU; a longer one ends the session.")
    ] = 8192
    default_alphabet: Annotated[Coding, Field(description="Alphabet of Msg_Fmt 0.")] = Coding.ASCII
    submit_result: Annotated[
        int, Field(ge=1, le=255, description="Result of SUBMIT_RESP for a blocked message.")
    ] = 9
    deliver_result: Annotated[
        int, Field(ge=1, le=255, description="Result of DELIVER_RESP for a blocked message.")
    ] = 9
    gateway_code: Annotated[
        int, Field(ge=0, le=0x3FFFFF, description="Gateway in Msg_Id of dropped messages.")
    ] = 0
