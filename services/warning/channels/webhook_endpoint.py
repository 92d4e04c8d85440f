"""Posts bodies to one endpoint, signed by the Standard Webhooks scheme.

The address is resolved and checked here (`address_filter`). Redirects are not followed, and of an
answer no more is read than the caller wants. Endpoints deduplicate by ``webhook-id``: a body in
doubt is posted again under the same id. Each secret adds a signature, for rotation without
downtime.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from fanzha.errors import InvalidInput
from infra.clock import now_ms
from services.warning.channels import address_filter
from services.warning.channels.address_filter import Network, Resolver, system_addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    """What an endpoint answered."""

    status: int = 0
    """Of HTTP; 0: there was no answer."""
    error: str = ""
    """Why there was no answer."""
    posted: bool = True
    """False: it certainly did not arrive."""
    retry_after: str = ""
    """Its header, as it is."""
    body: bytes = b""
    """The beginning of its body, where the caller wants any."""

    @property
    def accepted(self) -> bool:
        """Whether the endpoint has taken it."""
        return 200 <= self.status < 300  # noqa: PLR2004


class WebhookEndpoint:
    """One endpoint, at a public address or one in *networks*.

    The constructor raises `InvalidInput` for an invalid URL or secret.
    """

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        *,
        networks: Sequence[Network] = (),
        timeout_seconds: float = 15.0,
        answer_bytes: int = 0,
        time_ms: Callable[[], int] = now_ms,
        resolver: Resolver = system_addresses,
    ) -> None:
        """Read at most *answer_bytes* of an answer's body."""
        self._url = address_filter.parse(url)
        self._resolver = resolver
        try:
            self._signers = [Webhook(secret) for secret in secrets]
        except (ValueError, RuntimeError, EmptyWebhookSecretError) as error:
            raise InvalidInput("webhook: a secret is not whsec_ and base64") from error
        if not self._signers:
            raise InvalidInput("webhook: needs a secret")
        self._networks = networks
        self._answer_bytes = answer_bytes
        self._time_ms = time_ms
        # A proxy from the environment would resolve names itself and bypass the address filter.
        self._client = httpx.AsyncClient(
            follow_redirects=False, timeout=timeout_seconds, trust_env=False
        )

    async def post(self, message_id: str, content_type: str, body: str) -> WebhookAnswer:
        """Post a body under an id."""
        try:
            target = await address_filter.resolve(
                self._url, networks=self._networks, resolver=self._resolver
            )
        except InvalidInput as error:
            return WebhookAnswer(error=str(error), posted=False)
        except OSError as error:
            return WebhookAnswer(error=f"no address: {error}", posted=False)
        headers = self._signed(message_id, body) | {
            "host": target.host_header,
            "content-type": content_type,
        }
        try:
            # Streamed: the body of the answer may be long.
            async with self._client.stream(
                "POST",
                target.url,
                content=body.encode(),
                headers=headers,
                extensions={"sni_hostname": target.server_name},
            ) as answer:
                return WebhookAnswer(
                    status=answer.status_code,
                    retry_after=answer.headers.get("retry-after", ""),
                    body=await self._beginning(answer),
                )
        except httpx.ConnectError as error:
            return WebhookAnswer(error=f"cannot connect: {error}", posted=False)
        except httpx.HTTPError as error:
            return WebhookAnswer(error=f"no answer: {type(error).__name__}")

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _beginning(self, answer: httpx.Response) -> bytes:
        found = b""
        if self._answer_bytes:
            async for part in answer.aiter_bytes(self._answer_bytes):
                found += part
                if len(found) >= self._answer_bytes:
                    break
        return found[: self._answer_bytes]

    def _signed(self, message_id: str, body: str) -> dict[str, str]:
        # The library reads the time as UTC whatever its zone.
        at = datetime.fromtimestamp(self._time_ms() // 1000, UTC)
        signatures = [one.sign(message_id, at, body) for one in self._signers]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
