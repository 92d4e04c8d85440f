"""What an operator may set of every adapter.

Settings come from the environment, ``FANZHA_<ADAPTER>_<NAME>``, or a TOML file named by
``--config``; the environment wins. Each adapter derives its own settings, with its own prefix.
"""

import sys
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)


class FailPolicy(StrEnum):
    """What becomes of traffic when no service answers in time."""

    LET_THROUGH = "let_through"
    REFUSE = "refuse"


class AdapterSettings(BaseSettings):
    """Shared by all adapters."""

    model_config = SettingsConfigDict(extra="forbid", env_prefix="FANZHA_ADAPTER_")

    targets: Annotated[str, Field(description="Services to ask: host:port,host:port.")] = (
        "127.0.0.1:7361"
    )
    timeout_ms: Annotated[
        int, Field(gt=0, le=10_000, description="Deadline of a decision in milliseconds.")
    ] = 50
    linger_ms: Annotated[
        float, Field(ge=0, le=100, description="How long a decision may wait to share a request.")
    ] = 1.0
    max_batch: Annotated[int, Field(ge=1, le=4096, description="Most decisions a request.")] = 128
    fail_policy: Annotated[
        FailPolicy, Field(description="What becomes of traffic when no service answers.")
    ] = FailPolicy.LET_THROUGH
    breaker_failures: Annotated[
        int, Field(ge=1, description="Unanswered requests in a row that open the breaker.")
    ] = 50
    breaker_seconds: Annotated[
        float, Field(gt=0, description="Pause of an open breaker before it asks again, in seconds.")
    ] = 1.0
    metrics_listen: Annotated[
        str, Field(description="Address of /metrics, host:port; empty: none.")
    ] = ""
    trace_endpoint: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^\s/]+)?$",
            description="Where traces are exported to, by OTLP over gRPC; empty: nowhere.",
        ),
    ] = ""
    trace_share: Annotated[
        float, Field(ge=0, le=1, description="Share of decisions that are traced.")
    ] = 0.0
    trace_most_per_second: Annotated[
        float, Field(ge=0, description="Most decisions a second that are traced.")
    ] = 100.0
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(description="Least severe lines in the log."),
    ] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the base's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, whose values are arguments."""
        return env_settings, init_settings


Settings = TypeVar("Settings", bound=AdapterSettings)


def load(kind: type[Settings], config: Path | None) -> Settings:
    """Read settings, or end the process with a sentence for each that is wrong."""
    try:
        return kind(**_read(config))
    except OSError as error:
        sys.exit(f"{config}: {error.strerror}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        sys.exit(f"{config}: no TOML: {error}")
    except ValidationError as error:
        sys.exit("\n".join(_sentence(fault) for fault in error.errors()))


def _read(config: Path | None) -> dict[str, Any]:
    return tomllib.loads(config.read_text("utf-8")) if config else {}


def _sentence(fault: Any) -> str:
    return f"{'.'.join(str(part) for part in fault['loc']) or 'settings'}: {fault['msg']}"
