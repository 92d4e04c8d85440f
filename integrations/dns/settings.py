"""What an operator may set of the policy zone."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from integrations.common.settings import AdapterSettings
from integrations.dns.policies import ACTIONS


class DnsSettings(AdapterSettings):
    """Environment: ``FANZHA_DNS_<NAME>``."""

    model_config = SettingsConfigDict(extra="forbid", env_prefix="FANZHA_DNS_")

    list_targets: Annotated[
        str, Field(description="List administration to copy from: host:port,host:port.")
    ] = "127.0.0.1:7362"
    data_dir: Annotated[
        Path, Field(description="Folder of the copy and of the zone's history.")
    ] = Path("data/dns")
    listen: Annotated[str, Field(description="Address for UDP and TCP, host:port.")] = (
        "127.0.0.1:5353"
    )
    zone: Annotated[str, Field(description="Name of the zone.")] = "rpz.fanzha"
    action: Annotated[
        str,
        Field(description="Answer for blocked names: nxdomain, nodata, drop, or page."),
    ] = "nxdomain"
    fraud_actions: Annotated[
        str,
        Field(description="Other answers by kind of fraud: fake_loan=page,fake_credit=nodata."),
    ] = ""
    block_page: Annotated[
        str, Field(description="Host of the block page, to which `page` leads by CNAME.")
    ] = ""
    ttl: Annotated[int, Field(ge=1, le=86_400, description="Of all records, in seconds.")] = 60
    refresh_seconds: Annotated[
        int, Field(ge=1, description="When a secondary asks by itself, without a NOTIFY.")
    ] = 60
    expire_seconds: Annotated[
        int, Field(ge=60, description="How long a secondary serves the zone without this primary.")
    ] = 604_800
    notify: Annotated[
        str,
        Field(description="Secondaries to NOTIFY: host:port,host:port; host:port#key signs."),
    ] = ""
    tsig_keys_file: Annotated[
        Path | None,
        Field(description="Keys for HMAC-SHA256, a line each: name and secret in Base64."),
    ] = None
    unsigned_peers: Annotated[
        str, Field(description="Networks that may transfer without a signature (TSIG).")
    ] = "127.0.0.0/8,::1/128"
    journal_records: Annotated[
        int, Field(ge=0, description="Changed records kept for IXFR; beyond them AXFR.")
    ] = 200_000
    max_connections: Annotated[int, Field(ge=1, description="TCP connections at a time.")] = 64

    @field_validator("unsigned_peers")
    @classmethod
    def _networks(cls, value: str) -> str:
        for one in filter(None, value.split(",")):
            ip_network(one.strip())
        return value

    @field_validator("action")
    @classmethod
    def _known_action(cls, value: str) -> str:
        if value not in ACTIONS:
            raise ValueError(f"one of {', '.join(ACTIONS)}")
        return value

    @field_validator("fraud_actions")
    @classmethod
    def _known_actions(cls, value: str) -> str:
        for kind, action in by_fraud_type(value).items():
            if not kind or action not in ACTIONS:
                raise ValueError(f"{kind}={action}: kind=action, of {', '.join(ACTIONS)}")
        return value


def by_fraud_type(text: str) -> dict[str, str]:
    """Read ``kind=action,kind=action``."""
    pairs = (part.strip().partition("=") for part in text.split(",") if part.strip())
    return {kind: action for kind, _, action in pairs}
