"""What an operator may set of the adapters for HTTP gateways."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from integrations.common.settings import AdapterSettings


class GatewaySettings(AdapterSettings):
    """Shared by the adapters that a gateway asks about requests."""

    subscriber_header: Annotated[
        str,
        Field(
            description="Header with the subscriber's number, set by the gateway and never by the "
            "browser; empty: unknown, so nobody is warned.",
        ),
    ] = ""
    host_facts_header: Annotated[
        str,
        Field(
            description="Header with what the gateway knows of the domain, set by the gateway and "
            "never by the browser, such as domain_age_days=12, popularity_rank=350; empty: none.",
        ),
    ] = ""
    block_page_url: Annotated[
        str,
        Field(
            description="Address of `fanzha-adapter block-page`, to which a blocked page load is "
            "redirected; empty: the page is in the answer.",
        ),
    ] = ""
    cache_entries: Annotated[
        int, Field(ge=0, description="Most answers that are kept for `cache_seconds`; 0: none.")
    ] = 65_536

    @field_validator("subscriber_header", "host_facts_header")
    @classmethod
    def _lowered(cls, name: str) -> str:
        return name.strip().lower()

    @field_validator("block_page_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("has to begin with http:// or https://")
        return url


class ExtAuthzSettings(GatewaySettings):
    """Envoy's external authorization."""

    model_config = SettingsConfigDict(env_prefix="FANZHA_EXT_AUTHZ_", extra="forbid")

    listen: Annotated[str, Field(description="Address to serve gRPC on, host:port.")] = (
        "127.0.0.1:7391"
    )


class IcapSettings(GatewaySettings):
    """ICAP (RFC 3507), for Squid and other proxies."""

    model_config = SettingsConfigDict(env_prefix="FANZHA_ICAP_", extra="forbid")

    listen: Annotated[str, Field(description="Address to serve ICAP on, host:port.")] = (
        "127.0.0.1:1344"
    )
    max_connections: Annotated[
        int, Field(ge=1, description="Most connections at a time; more are answered with 503.")
    ] = 1024
    idle_seconds: Annotated[
        float, Field(gt=0, description="Seconds after which a silent connection is closed.")
    ] = 120.0


class ForwardAuthSettings(GatewaySettings):
    """Subrequests of nginx, Traefik and Caddy."""

    model_config = SettingsConfigDict(env_prefix="FANZHA_FORWARD_AUTH_", extra="forbid")

    listen: Annotated[str, Field(description="Address to serve HTTP on, host:port.")] = (
        "127.0.0.1:7392"
    )
    refusal_status: Annotated[
        int,
        Field(
            ge=0,
            le=599,
            description="Status of every refusal, such as 403 for nginx, which takes no other; "
            "0: the status of the decision.",
        ),
    ] = 0


class BlockPageSettings(AdapterSettings):
    """The page that people see instead of a blocked one."""

    model_config = SettingsConfigDict(env_prefix="FANZHA_BLOCK_PAGE_", extra="forbid")

    listen: Annotated[str, Field(description="Address to serve HTTP on, host:port.")] = (
        "127.0.0.1:7393"
    )
    appeal_target: Annotated[
        str,
        Field(description="Administration server that takes appeals, host:port; empty: no form."),
    ] = ""
    redress_url: Annotated[str, Field(description="Website for appeals; empty: none.")] = ""
    redress_tel: Annotated[str, Field(description="Telephone for appeals; empty: none.")] = ""
    redress_email: Annotated[str, Field(description="E-mail for appeals; empty: none.")] = ""
    appeals_per_hour: Annotated[
        int, Field(ge=1, description="Most appeals an hour from one address.")
    ] = 10
    trusted_proxy: Annotated[
        bool,
        Field(description="Whether X-Forwarded-For is set by a proxy in front, and so believed."),
    ] = False
