"""A folder with an authority, certificates and keys of one's own: to try real roles, or to begin.

fanzha.toml       settings that use the rest: fanzha up --config …/fanzha.toml
identities.toml   which client certificate speaks for whom
jwks.json         public keys of tokens
ca.pem            authority of servers and clients, for --tls-ca and tls_client_ca
server.pem        the server's certificate
clients/          a certificate and key for each client
private/          keys of the authority, the server, and tokens
"""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from infra import atomic_file
from infra.atomic_file import FOLDER_MODE
from services.auth import identities_file as roster
from services.auth import issuer
from services.auth.identity import Role
from services.auth.issuer import CertificateAndKey

ISSUER = "fanzha-local"
AUDIENCE = "fanzha"
FIRST_CLIENT = "gateway-1.carrier.example"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
KEYS_KEPT = 2
"""Public keys after a rotation: the new one, and the one before, whose tokens live on."""

_SETTINGS = """# Settings that use the keys beside this file: fanzha up --config {file}
tls_certificate = {certificate}
tls_key = {key}
jwks_file = {jwks}
token_issuer = {issuer}
token_audience = {audience}
identities_file = {identities}

# With the next line, whoever connects must show a certificate by this authority; whoever has a
# token sends it besides.
# tls_client_ca = {ca}
"""
_ROSTER = """# Which client certificate speaks for whom; read anew when it changes.
# regions and sources hold an identity to some of them; left out: all. carrier names the carrier
# whose policy decides on its requests.
revoked_tokens = []
"""
_LINE = """
[[identity]]
name = {name}
certificate = {certificate}
roles = {roles}
"""


@dataclass(frozen=True, slots=True)
class AuthorityFolder:
    """Where the files are."""

    path: Path

    @property
    def settings(self) -> Path:
        """Return the settings that use the rest."""
        return self.path / "fanzha.toml"

    @property
    def authority(self) -> Path:
        """Return the certificate of the authority."""
        return self.path / "ca.pem"

    @property
    def roster(self) -> Path:
        """Return the identities file."""
        return self.path / "identities.toml"

    @property
    def keys(self) -> Path:
        """Return the JWKS file."""
        return self.path / "jwks.json"

    def private(self, name: str) -> Path:
        """Return a private key."""
        return self.path / "private" / f"{name}.key"

    def client(self, name: str) -> tuple[Path, Path]:
        """Return a client's certificate and key."""
        folder = self.path / "clients"
        return folder / f"{name}.pem", folder / f"{name}.key"

    def make(self, hosts: Sequence[str], *, now: datetime, days: int) -> None:
        """Make everything; raise `FileExistsError` where something is there already."""
        for part in (self.path, self.path / "private", self.path / "clients"):
            part.mkdir(mode=FOLDER_MODE, parents=True)
        ours = issuer.authority("Fanzha local authority", now=now, days=days)
        ours.write(self.authority, self.private("ca"))
        names = list(dict.fromkeys((*LOCAL_HOSTS, *hosts)))
        serving = issuer.server(ours, names, now=now, days=days)
        serving.write(self.path / "server.pem", self.private("server"))
        key = issuer.token_key()
        issuer.write_token_key(self.private("token"), key)
        _write_keys(self.keys, [issuer.public_jwk(key)])
        atomic_file.write(self.roster, _ROSTER)
        self.add_client(
            FIRST_CLIENT, FIRST_CLIENT.split(".", maxsplit=1)[0], [Role.CARRIER], now=now, days=days
        )
        atomic_file.write(self.settings, self._settings_text())

    def add_client(
        self,
        host: str,
        name: str,
        roles: Sequence[Role],
        *,
        now: datetime,
        days: int,
        carrier: str = "",
    ) -> None:
        """Make a certificate that shows ``dns:`` and *host*, and a line that says who that is."""
        line = _LINE.format(
            name=_quoted(name),
            certificate=_quoted(f"dns:{host}"),
            roles=json.dumps([role.value for role in roles]),
        )
        if carrier:
            line += f"carrier = {_quoted(carrier)}\n"
        text = self.roster.read_text() + line
        roster.read_identities(text.encode())  # a name that is there twice, or none
        ours = CertificateAndKey.read(self.authority, self.private("ca"))
        issuer.client(ours, host, now=now, days=days).write(*self.client(host))
        atomic_file.write(self.roster, text)

    def rotate(self) -> str:
        """Sign tokens with a new key from now on; return its id.

        The key before stays in the JWKS, so that tokens signed with it live on until they expire
        or the next rotation.
        """
        key, old = issuer.token_key(), self.private("token")
        beside = self.private("token.new")
        issuer.write_token_key(beside, key)
        listed = json.loads(self.keys.read_text())["keys"]
        new = issuer.public_jwk(key)
        _write_keys(self.keys, [new, *listed][:KEYS_KEPT])  # servers know it before it is used
        beside.replace(old)
        return new["kid"]

    def token(
        self,
        name: str,
        roles: Sequence[Role],
        *,
        regions: Sequence[str],
        sources: Sequence[str],
        now: datetime,
        days: float,
        carrier: str = "",
    ) -> str:
        """Sign a token as the settings of this folder want it."""
        settings = tomllib.loads(self.settings.read_text())
        claims: dict[str, Any] = {
            "sub": name,
            "iss": settings["token_issuer"],
            "aud": settings["token_audience"],
            "roles": [role.value for role in roles],
        }
        if regions:
            claims["regions"] = list(regions)
        if sources:
            claims["sources"] = list(sources)
        if carrier:
            claims["carrier"] = carrier
        key = issuer.read_token_key(self.private("token"))
        return issuer.token(key, claims, now=now, days=days)

    def _settings_text(self) -> str:
        return _SETTINGS.format(
            file=self.settings,
            certificate=_quoted(self.path.absolute() / "server.pem"),
            key=_quoted(self.private("server").absolute()),
            jwks=_quoted(self.keys.absolute()),
            issuer=_quoted(ISSUER),
            audience=_quoted(AUDIENCE),
            identities=_quoted(self.roster.absolute()),
            ca=_quoted(self.authority.absolute()),
        )


def _write_keys(path: Path, keys: Sequence[dict[str, str]]) -> None:
    atomic_file.write(path, json.dumps({"keys": keys}, indent=2) + "\n")


def _quoted(text: object) -> str:
    return json.dumps(str(text), ensure_ascii=False)  # a JSON string is one of TOML, too
