"""Settings of addresses, authentication and load limits."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.settings.types import Port


class ServerSettings(BaseSettings):
    """Settings of addresses, authentication and load limits."""

    # Only the last class of the chain is ever made: the validators of the others are not built.
    model_config = SettingsConfigDict(defer_build=True)

    redis_url: str | None = Field(
        default=None,
        description="Redis or Valkey: redis://, rediss:// (TLS) or unix://; redis+cluster:// and "
        "rediss+cluster:// for a cluster; redis+sentinel://host:port,host:port/primary for the "
        "primary that Sentinels name. With ?wait_replicas=1 a write is acknowledged once as many "
        "replicas have it on disk, too; with &wait_for=memory once they have it in memory. tls_ca, "
        "tls_certificate and tls_key name files for TLS. Unset: an embedded Valkey in the data "
        "directory.",
    )
    embedded_port: Port | None = Field(
        default=None, description="Loopback port of the embedded Valkey. Unset: a free one."
    )
    data_dir: Path = Field(
        default=Path("data"),
        description="Folder of the list snapshot, metrics pages, logs and the embedded Valkey.",
    )
    listen_host: str = Field(
        default="127.0.0.1",
        description="Address that decisions are served on; 0.0.0.0 or :: for all interfaces. Other "
        "than loopback it needs tls_certificate and authentication, or decisions_plaintext.",
    )
    decisions_plaintext: bool = Field(
        default=False,
        description="Whether decisions may be served beyond loopback without TLS or "
        "authentication: whoever reaches the port can ask, and read what others ask. For a "
        "signalling network of its own only.",
    )
    listen_port: Port = Field(
        default=7361, description="Port that decisions are served on; 0: a free one."
    )
    admin_host: str = Field(
        default="127.0.0.1",
        description="Address of list administration; other than loopback it needs "
        "tls_certificate and authentication (identities_file or jwks_file).",
    )
    admin_port: Port = Field(
        default=7362, description="Port of list administration; 0: a free one."
    )
    metrics_enabled: bool = Field(
        default=True, description="Whether to collect and serve Prometheus metrics."
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        description="Address of all Prometheus endpoints; other than loopback they are served by "
        "HTTPS with tls_certificate, which they read at start.",
    )
    metrics_plaintext: bool = Field(
        default=False,
        description="Whether Prometheus endpoints may be served beyond loopback by plain HTTP.",
    )
    metrics_port: Port = Field(
        default=7363, description="Port of the Prometheus endpoint of the workers; 0: a free one."
    )
    tls_certificate: Path | None = Field(
        default=None,
        description="PEM file: the server's certificate and its intermediate certificates. If set, "
        "both gRPC ports accept TLS only. Reloaded when it changes, like tls_key and "
        "tls_client_ca.",
    )
    tls_key: Path | None = Field(
        default=None, description="PEM file: the private key of tls_certificate."
    )
    tls_client_ca: Path | None = Field(
        default=None,
        description="PEM file: certificate authorities of clients. If set, clients must present a "
        "certificate; identities_file maps it to an identity.",
    )
    tls_client_ports: Literal["both", "decisions", "admin"] = Field(
        default="both",
        description="Ports that require a client certificate if tls_client_ca is set.",
    )
    identities_file: Path | None = Field(
        default=None,
        description="TOML file: names, roles and scopes of client certificates, and revoked "
        "tokens. Reloaded when it changes.",
    )
    jwks_file: Path | None = Field(
        default=None,
        description="JWKS file: public keys (Ed25519 or RSA) that verify tokens. Reloaded when it "
        "changes. Without it and identities_file, authentication is off.",
    )
    token_issuer: str = Field(
        default="", description="Issuer of tokens (claim iss); required with jwks_file."
    )
    token_audience: str = Field(
        default="fanzha", description="Audience that tokens must name (claim aud)."
    )
    identity_requests: float = Field(
        default=200.0,
        ge=0,
        le=1_000_000,
        description="Requests a second that one identity may make of list administration, and of "
        "the warning port; five seconds' worth at once. Beyond: RESOURCE_EXHAUSTED, with a time "
        "to retry after. 0: no limit.",
    )
    risk_numbers: float = Field(
        default=50.0,
        ge=0,
        le=1_000_000,
        description="Telephone numbers a second that one identity, such as a bank, may have rated; "
        "five seconds' worth at once, and a hundred at least. Beyond: RESOURCE_EXHAUSTED, with a "
        "time to retry after. 0: no limit.",
    )
    identity_decision_requests: float = Field(
        default=0.0,
        ge=0,
        le=1_000_000,
        description="Requests for decisions a second that one identity may make of each worker, so "
        "that one gateway cannot take all of it. 0: no limit.",
    )
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=256,
        description="Number of worker processes. Unset: one per core.",
    )
    drain_seconds: float = Field(
        default=10.0,
        ge=0,
        le=600,
        description="Seconds to finish requests and flush hits at shutdown.",
    )
    max_message_bytes: int = Field(
        default=36 * 2**20,
        ge=64 * 2**10,
        le=2**30,
        description="Largest gRPC message in bytes. The default of 36 MiB holds a batch of 4096 "
        "texts of 8 KiB and 4 MiB of other fields.",
    )
    max_connection_requests: int = Field(
        default=128,
        ge=1,
        le=100_000,
        description="Concurrent requests per connection; gRPC clients queue further ones on their "
        "side.",
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
