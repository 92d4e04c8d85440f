"""What an operator may set of the intake of look-ups."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from integrations.common.settings import AdapterSettings


class DnstapSettings(AdapterSettings):
    """Environment: ``FANZHA_DNSTAP_<NAME>``."""

    model_config = SettingsConfigDict(extra="forbid", env_prefix="FANZHA_DNSTAP_")

    socket: Annotated[Path, Field(description="Unix socket that resolvers write dnstap to.")] = (
        Path("/run/fanzha/dnstap.sock")
    )
    socket_mode: Annotated[
        str, Field(pattern="^0?[0-7]{3}$", description="Permissions of the socket, octal.")
    ] = "660"
    list_targets: Annotated[
        str, Field(description="List administration to copy hosts from: host:port,host:port.")
    ] = "127.0.0.1:7362"
    live: Annotated[
        bool,
        Field(description="Whether look-ups count as requests of links, and so may lead to "
                          "warnings; otherwise they are only counted."),
    ] = False  # fmt: skip
    subscribers_file: Annotated[
        Path | None,
        Field(
            description="Lines of address and number: who looked up. Read again when it changes."
        ),
    ] = None
    sample: Annotated[
        float, Field(gt=0, le=1, description="Share of subscribers whose look-ups are reported.")
    ] = 1.0
    window_seconds: Annotated[
        float, Field(gt=0, description="Time in which a name counts once for a subscriber.")
    ] = 3600.0
    max_per_second: Annotated[
        float, Field(gt=0, description="Look-ups reported in a second; more are counted only.")
    ] = 200.0
    max_waiting: Annotated[
        int, Field(ge=1, description="Look-ups that may wait to be reported; more are dropped.")
    ] = 10_000
