"""Settings of the console, the web pages for administrators, reviewers and dispatchers."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.settings.education import EducationSettings
from services.settings.types import Port


class ConsoleSettings(EducationSettings):
    """Settings of the console."""

    console: bool = Field(
        default=True, description="Whether `fanzha up` runs the console, the pages in a browser."
    )
    console_host: str = Field(
        default="127.0.0.1",
        description="Address that the console is served on; other than loopback it needs "
        "authentication, and TLS (tls_certificate) or console_trusted_proxies.",
    )
    console_port: Port = Field(
        default=7368, description="Port that the console is served on; 0: a free one."
    )
    console_names: str = Field(
        default="",
        description="Host names, separated by commas, by which browsers reach the console, besides "
        "localhost, loopback addresses and console_host. Requests to other names are refused, so "
        "that no foreign page can reach it by a name of its own (DNS rebinding).",
    )
    console_tls: Literal["auto", "off"] = Field(
        default="auto",
        description="auto: the console speaks TLS with tls_certificate where that is set; off: "
        "plain HTTP, for a reverse proxy on the same host that ends TLS.",
    )
    console_trusted_proxies: str = Field(
        default="",
        description="Addresses or networks (CIDR), separated by commas, of reverse proxies whose "
        "X-Forwarded-For, -Proto, -Host and -Prefix are believed. Empty: none.",
    )
    console_idle_minutes: int = Field(
        default=30, ge=1, le=1440, description="Minutes without a request until a session ends."
    )
    console_session_hours: int = Field(
        default=12,
        ge=1,
        le=168,
        description="Hours after which a session ends, and at the latest with its token.",
    )
    console_upload_bytes: int = Field(
        default=64 * 2**20,
        ge=2**16,
        le=2**30,
        description="Largest file that a page takes, in bytes.",
    )
    console_map_file: Path | None = Field(
        default=None,
        description="GeoJSON file with outlines (or null) of regions for the map, by the "
        "properties `code` (GB/T 2260, six digits) and `name`. Unset: tiles, and counties by code.",
    )
    console_admin_target: str = Field(
        default="",
        description="`host:port` of list administration, for a console on another host. Unset: "
        "admin_host and admin_port.",
    )
    console_warning_target: str = Field(
        default="",
        description="`host:port` of the warning pipeline. Unset: warning_host and warning_port.",
    )
    console_decision_target: str = Field(
        default="",
        description="`host:port` that decisions are served on. Unset: listen_host and listen_port.",
    )
    console_tls_ca: Path | None = Field(
        default=None,
        description="PEM file with the authorities of the servers that the console asks. Unset: "
        "tls_certificate itself, where that is set.",
    )
    console_client_certificate: Path | None = Field(
        default=None,
        description="PEM file: the certificate that the console shows to servers with "
        "tls_client_ca. Whoever is signed in is known by their token all the same.",
    )
    console_client_key: Path | None = Field(
        default=None, description="PEM file: the private key of console_client_certificate."
    )
    console_oidc_issuer: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Issuer of OpenID Connect by which people sign in. Unset: with a token of "
        "their own. The servers must accept its tokens: token_issuer, jwks_file.",
    )
    console_oidc_client_id: str = Field(
        default="", description="Client id of the console at console_oidc_issuer."
    )
    console_oidc_secret_file: Path | None = Field(
        default=None,
        description="File with the client secret. Unset: a public client, by PKCE alone.",
    )
    console_oidc_scopes: str = Field(
        default="openid profile", description="Scopes that are asked for, separated by blanks."
    )
    console_oidc_resource: str = Field(
        default="",
        description="Resource indicator (RFC 8707) that the access token is asked for; empty: "
        "none.",
    )
    console_oidc_token: Literal["access_token", "id_token"] = Field(
        default="access_token",
        description="Which token of the answer the console shows to servers: it must be a JWT "
        "with their token_audience and roles.",
    )

    @property
    def console_speaks_tls(self) -> bool:
        """Whether browsers reach the console by HTTPS without a proxy."""
        return self.tls_certificate is not None and self.console_tls == "auto"
