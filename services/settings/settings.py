"""All settings, from environment variables or a TOML file.

A setting ``listen_port`` is the variable ``FANZHA_LISTEN_PORT`` or the line ``listen_port = …`` of
the file; the variable wins. No name ends in ``_HOST`` or ``_PORT`` alone, because Kubernetes sets
``FANZHA_PORT`` and the like for a service called fanzha. `services.settings.loader` reads them.
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from fanzha.errors import InvalidConfiguration
from infra.redis import addresses
from services.settings.console import ConsoleSettings
from services.settings.variables import CONFIG_VARIABLE, PREFIX


class Settings(ConsoleSettings):
    """The settings of one process. Immutable.

    Each group adds its fields to those of the group before, so that all are of one class.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        defer_build=False,
    )

    trace_endpoint: str = Field(
        default="",
        pattern=r"^(https?://[^\s/]+)?$",
        description="Where traces are exported to, by OTLP over gRPC, such as "
        "http://127.0.0.1:4317; needs the extra traces. https:// by the certificate and headers of "
        "OpenTelemetry's variables (OTEL_EXPORTER_OTLP_CERTIFICATE, OTEL_EXPORTER_OTLP_HEADERS). "
        "Empty: nothing is traced.",
    )
    trace_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of requests for decisions that are traced where their caller says "
        "nothing; where it sends a traceparent, that decides.",
    )
    trace_most_per_second: float = Field(
        default=100.0,
        ge=0,
        description="Most requests a second that each worker traces, whoever asks for them.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Lowest severity that is logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="Format of log lines; auto: JSON unless standard error is a terminal.",
    )

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: str | None) -> str | None:
        if url is not None:
            addresses.read(url)
        return url

    @field_validator("activity_slots")
    @classmethod
    def _is_power_of_two(cls, slots: int) -> int:
        if not 2**10 <= slots <= 2**28 or slots & (slots - 1):
            raise InvalidConfiguration("must be a power of two from 1024 to 268435456")
        return slots

    @field_validator("models_dir", "appeal_notices_dir", "warning_templates_dir")
    @classmethod
    def _is_folder(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_dir():
            raise InvalidConfiguration("not a folder")
        return folder

    @field_validator(
        "tls_certificate",
        "tls_key",
        "tls_client_ca",
        "identities_file",
        "trunks_file",
        "senders_file",
        "host_facts_file",
        "carrier_policy_file",
        "treatments_file",
        "jwks_file",
        "popular_hosts_file",
        "critical_names_file",
        "warning_policy_file",
        "warning_groups_file",
        "warning_regions_file",
        "warning_counties_file",
        "warning_smpp_password_file",
        "warning_webhook_secrets_file",
        "warning_kafka_options_file",
        "hits_kafka_options_file",
        "decision_log_archive_credentials_file",
        "decision_log_archive_ca",
        "decision_log_warehouse_key_file",
        "decision_log_handset_key_file",
        "console_tls_ca",
        "console_client_certificate",
        "console_client_key",
        "console_oidc_secret_file",
    )
    @classmethod
    def _is_file(cls, file: Path | None) -> Path | None:
        if file is not None and not file.is_file():
            raise InvalidConfiguration("not a file")
        return file

    @model_validator(mode="after")
    def _identities_fit(self) -> "Settings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise InvalidConfiguration("tls_certificate and tls_key: set both or neither")
        if self.tls_client_ca is not None and self.tls_certificate is None:
            raise InvalidConfiguration("tls_client_ca: requires tls_certificate and tls_key")
        if self.jwks_file is not None and not self.token_issuer:
            raise InvalidConfiguration("token_issuer: required with jwks_file")
        if self.tls_client_ca is not None and not self.auth_enabled:
            raise InvalidConfiguration(
                "tls_client_ca: requires identities_file or jwks_file, else no client has a role"
            )
        if (self.console_client_certificate is None) != (self.console_client_key is None):
            raise InvalidConfiguration(
                "console_client_certificate and console_client_key: set both or neither"
            )
        if self.console_oidc_issuer and not self.console_oidc_client_id:
            raise InvalidConfiguration("console_oidc_client_id: required with console_oidc_issuer")
        if self.identities_file is not None and not (self.tls_client_ca or self.jwks_file):
            raise InvalidConfiguration("identities_file: requires tls_client_ca")
        return self

    @property
    def auth_enabled(self) -> bool:
        """Whether who calls must be known; otherwise everybody is the developer."""
        return self.identities_file is not None or self.jwks_file is not None

    @model_validator(mode="after")
    def _ports_differ(self) -> "Settings":
        sockets = {
            "listen_port": (self.listen_host, self.listen_port),
            "admin_port": (self.admin_host, self.admin_port),
            "metrics_port": (self.metrics_host, self.metrics_port),
            "admin_metrics_port": (self.metrics_host, self.admin_metrics_port),
            "warning_port": (self.warning_host, self.warning_port),
            "warning_http_port": (self.warning_host, self.warning_http_port or 0),
            "warning_metrics_port": (self.metrics_host, self.warning_metrics_port),
            "console_port": (self.console_host, self.console_port),
        }
        taken: dict[tuple[str, int], str] = {}
        for name, address in sockets.items():
            if address[1] and address in taken:
                raise InvalidConfiguration(
                    "{name}: {address} is used by {taken}",
                    name=name,
                    address=address[1],
                    taken=taken[address],
                )
            taken[address] = name
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the constructor first, then variables, then the file."""
        path = os.environ.get(CONFIG_VARIABLE)
        try:
            file = (TomlConfigSettingsSource(settings_cls, Path(path)),) if path else ()
        except (OSError, ValueError, RecursionError):
            file = ()  # `services.settings.loader` reports the fault
        return (init_settings, env_settings, *file)
