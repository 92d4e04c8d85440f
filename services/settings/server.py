"""Where a process listens, who may ask, and how many work."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from services.settings.types import Port


class ServerSettings(BaseSettings):
    """Where a process listens, who may ask, and how many work."""

    redis_url: str | None = Field(
        default=None,
        description="Redis or Valkey: redis://, rediss:// or unix://, or redis+cluster:// and "
        "rediss+cluster:// for a cluster. Unset: an embedded Valkey in the data directory.",
    )
    embedded_port: Port | None = Field(
        default=None, description="Loopback port of the embedded Valkey. Unset: a free one."
    )
    data_dir: Path = Field(
        default=Path("data"),
        description="Where the list file, metrics pages and embedded Valkey live.",
    )
    listen_host: str = Field(
        default="127.0.0.1",
        description="Address that decisions are served on; 0.0.0.0 or :: for all. Without "
        "tls_certificate, keep it inside the signalling network.",
    )
    listen_port: Port = Field(
        default=7361, description="Port that decisions are served on; 0: a free one."
    )
    admin_host: str = Field(
        default="127.0.0.1",
        description="Address of list administration; only loopback without tls_certificate "
        "and a way to know who asks.",
    )
    admin_port: Port = Field(
        default=7362, description="Port of list administration; 0: a free one."
    )
    metrics_enabled: bool = Field(default=True, description="Whether to count and serve metrics.")
    metrics_host: str = Field(default="127.0.0.1", description="Address of the Prometheus page.")
    metrics_port: Port = Field(
        default=7363, description="Port of the Prometheus page; 0: a free one."
    )
    tls_certificate: Path | None = Field(
        default=None,
        description="PEM file: the server's certificate, then those between it and its authority. "
        "Set, both gRPC ports speak TLS only. Taken anew when it changes, as are the next two.",
    )
    tls_key: Path | None = Field(default=None, description="PEM file: its private key.")
    tls_client_ca: Path | None = Field(
        default=None,
        description="PEM file: authorities of client certificates. Set, a client must show one; "
        "identities_file says whom it speaks for.",
    )
    tls_client_ports: Literal["both", "decisions", "admin"] = Field(
        default="both",
        description="Ports that ask for a client certificate, where tls_client_ca is set.",
    )
    identities_file: Path | None = Field(
        default=None,
        description="TOML file: names, roles and reach of client certificates, and revoked tokens. "
        "Read anew when it changes.",
    )
    jwks_file: Path | None = Field(
        default=None,
        description="JWKS file: public keys, Ed25519 or RSA, that tokens are signed with. Read "
        "anew when it changes. Without it and identities_file, nobody is asked who they are.",
    )
    token_issuer: str = Field(
        default="", description="Who signs tokens, their claim iss; required with jwks_file."
    )
    token_audience: str = Field(
        default="fanzha", description="Whom tokens are for: must be in their claim aud."
    )
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=256,
        description="Worker processes that decide. Unset: one per core.",
    )
    drain_seconds: float = Field(
        default=10.0,
        ge=0,
        le=600,
        description="Seconds to finish requests and write hits at the end.",
    )
    max_message_bytes: int = Field(
        default=36 * 2**20,
        ge=64 * 2**10,
        le=2**30,
        description="Largest gRPC message. A batch of 4096 texts of 8 KiB takes 32 MiB and its "
        "other fields; the default leaves 4 MiB for those.",
    )
    max_connection_requests: int = Field(
        default=128,
        ge=1,
        le=100_000,
        description="Requests that one connection may have under way; gRPC libraries keep more "
        "of them waiting on their own side.",
    )
    max_queued_requests: int = Field(
        default=64,
        ge=1,
        le=100_000,
        description="Requests of all connections that may wait for a worker to accept them. gRPC's "
        "core cancels some beyond that, and all from a quarter more.",
    )
    max_wait_ms: int = Field(
        default=500,
        ge=1,
        le=60_000,
        description="A request for decisions that would wait longer in this worker, or beyond its "
        "own deadline, is refused at once: RESOURCE_EXHAUSTED, with a time to retry after.",
    )
