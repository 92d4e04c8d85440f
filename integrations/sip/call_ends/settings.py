"""What an operator may set of reports of ended calls: ``FANZHA_CALL_ENDS_<NAME>``, or TOML."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from integrations.common.settings import AdapterSettings
from integrations.sip.call_ends.record import CallEndField


class CallEndSettings(AdapterSettings):
    """Of the follower."""

    model_config = SettingsConfigDict(extra="forbid", env_prefix="FANZHA_CALL_ENDS_")

    files: Annotated[
        Path,
        Field(
            description="Pattern of the files that the switch appends ended calls to, such as "
            "/var/spool/kamailio/call-ends/*.jsonl; one folder.",
        ),
    ]
    format: Annotated[
        Literal["jsonl", "csv"],
        Field(description="jsonl: a JSON object a line; csv: comma-separated values."),
    ] = "jsonl"
    names: Annotated[
        dict[CallEndField, str],
        Field(
            description="How the switch calls caller, callee, ended_at, answered and seconds, "
            "where it calls them otherwise.",
        ),
    ] = {}  # noqa: RUF012 - pydantic copies it
    columns: Annotated[
        tuple[str, ...],
        Field(description="Columns of a CSV in order; empty: the first line of a file names them."),
    ] = ()
    state: Annotated[
        Path,
        Field(description="File that remembers how far each was read, across restarts."),
    ] = Path("fanzha-call-ends.json")
    every_seconds: Annotated[
        float, Field(gt=0, le=3600, description="Pause between two looks for new lines.")
    ] = 1.0
