"""A provider of OpenID Connect: where people sign in, and what it says about them.

Authorization code flow with PKCE (RFC 7636), state and nonce; the ID token's signature, issuer,
audience, nonce and hash of the access token are checked. The roles are not read here: the servers
read them in the very token that the console passes on.
"""

from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from fanzha.errors import InvalidConfiguration, InvalidInput, Unavailable
from services.auth.exposure import is_loopback
from services.settings.settings import Settings

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
"""Signatures of ID tokens: by the provider's own key only, never by a shared secret, or none."""
LEEWAY_SECONDS = 60
_SECONDS = 10.0
_FRESH_SECONDS = 600.0
_DOCUMENT_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTokens:
    """What the provider issued to one person."""

    shown: str
    """The token that servers are shown."""
    id_token: str


class OpenIdProvider:
    """The provider that the settings name. `Unavailable` while it cannot be reached."""

    def __init__(self, settings: Settings) -> None:
        """Raise `ValueError` where the provider would be asked without TLS."""
        self._settings = settings
        self._issuer = settings.console_oidc_issuer
        parts = urlsplit(self._issuer)
        self._plain = parts.scheme == "http"
        if self._plain and not is_loopback(parts.hostname or ""):
            raise InvalidConfiguration("console_oidc_issuer: must be https://")
        file = settings.console_oidc_secret_file
        self._secret = file.read_text(encoding="ascii").strip() if file else None
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = float("-inf")

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self._issuer)
        return f"{parts.scheme}://{parts.netloc}"

    async def address(self, *, callback: str, state: str, nonce: str, verifier: str) -> str:
        """Return where a browser signs in; it comes back to *callback*."""
        metadata = await self._discovered()
        return str(
            prepare_grant_uri(
                self._endpoint(metadata, "authorization_endpoint"),
                client_id=self._settings.console_oidc_client_id,
                response_type="code",
                redirect_uri=callback,
                scope=self._settings.console_oidc_scopes,
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
                **self._resource(),
            )
        )

    async def tokens(
        self, *, code: str, callback: str, nonce: str, verifier: str
    ) -> ProviderTokens:
        """Exchange *code*; raise `InvalidInput` where the provider or a check refuses it."""
        metadata = await self._discovered()
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "code_verifier": verifier,
            "client_id": self._settings.console_oidc_client_id,
            **self._resource(),
        }
        found = await self._exchange(self._endpoint(metadata, "token_endpoint"), fields)
        id_token, access = str(found.get("id_token", "")), str(found.get("access_token", ""))
        await self._check(id_token, access, nonce)
        shown = id_token if self._settings.console_oidc_token == "id_token" else access  # noqa: S105
        return ProviderTokens(shown=shown, id_token=id_token)

    async def sign_out_address(self) -> str:
        """Return where people sign out at the provider; empty where it has no such address."""
        try:
            metadata = await self._discovered()
        except Unavailable:
            return ""  # what was begun here has ended
        return str(metadata.get("end_session_endpoint", ""))

    async def _check(self, id_token: str, access: str, nonce: str) -> None:
        options = {
            "iss": {"essential": True, "values": [self._issuer]},
            "aud": {"essential": True, "values": [self._settings.console_oidc_client_id]},
        }
        params = {
            "nonce": nonce,
            "client_id": self._settings.console_oidc_client_id,
            "access_token": access,
        }
        try:
            token = await self._decoded(id_token)
            claims: Any = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, AuthlibBaseError, ValueError, TypeError) as error:
            raise InvalidInput("the provider's ID token is not valid") from error

    async def _decoded(self, id_token: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            return jwt.decode(id_token, await self._key_set(), registry=registry)
        except InvalidKeyIdError:
            self._read_at = float("-inf")  # it has new keys
            await self._discovered()
            return jwt.decode(id_token, await self._key_set(), registry=registry)

    async def _key_set(self) -> KeySet:
        if self._keys is None:
            keys = await _document(self._endpoint(await self._discovered(), "jwks_uri"))
            self._keys = KeySet.import_key_set(keys)  # type: ignore[arg-type]
        return self._keys

    async def _discovered(self) -> dict[str, Any]:
        if monotonic() - self._read_at > _FRESH_SECONDS:
            address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            found = await _document(address)
            if found.get("issuer") != self._issuer:
                raise Unavailable("the provider calls itself by another name than the settings")
            self._metadata, self._keys, self._read_at = found, None, monotonic()
        return self._metadata

    def _endpoint(self, metadata: dict[str, Any], name: str) -> str:
        address = str(metadata.get(name, ""))
        if not address.startswith("https://") and not (
            self._plain and is_loopback(urlsplit(address).hostname or "")
        ):
            raise Unavailable("the provider names no {name} that speaks TLS", name=name)
        return address

    def _resource(self) -> dict[str, str]:
        resource = self._settings.console_oidc_resource
        return {"resource": resource} if resource else {}

    async def _exchange(self, address: str, fields: dict[str, str]) -> dict[str, Any]:
        """Return the answer of the token endpoint; it knows a public client by PKCE alone."""
        auth = None
        if self._secret is not None:
            # Encoded first, as RFC 6749 2.3.1 has it.
            auth = httpx.BasicAuth(quote_plus(fields.pop("client_id")), quote_plus(self._secret))
        try:
            async with httpx.AsyncClient(timeout=_SECONDS) as client:
                answer = await client.post(
                    address,
                    data=fields,
                    auth=auth or httpx.USE_CLIENT_DEFAULT,
                    headers={"accept": "application/json"},
                )
        except httpx.HTTPError as error:
            raise _unreachable(error) from error
        try:
            found = answer.json()
        except ValueError:
            found = None
        if answer.is_server_error or not isinstance(found, dict):
            raise Unavailable("the provider's token endpoint failed")
        if not answer.is_success:
            raise InvalidInput("the provider refused the sign-in")
        return found


async def _document(address: str) -> dict[str, Any]:
    try:
        async with (
            httpx.AsyncClient(timeout=_SECONDS) as client,
            client.stream("GET", address) as answer,
        ):
            answer.raise_for_status()
            read = b""
            async for part in answer.aiter_bytes():
                read += part
                if len(read) > _DOCUMENT_BYTES:
                    raise Unavailable("the provider's document is too large")
            found = httpx.Response(200, content=read).json()
    except (httpx.HTTPError, ValueError) as error:
        raise _unreachable(error) from error
    if not isinstance(found, dict):
        raise Unavailable("the provider's document is no object")
    return found


def _unreachable(error: Exception) -> Unavailable:
    return Unavailable("the provider cannot be reached: {error}", error=type(error).__name__)
