"""Posts messages to an endpoint as CloudEvents, signed by the Standard Webhooks scheme.

========  ======================================================================================
answer    result
========  ======================================================================================
2xx       accepted
410       the endpoint is gone: nothing is sent until this service restarts
429, 503  the channel pauses for ``Retry-After``
others    retried after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h; then a dead letter
========  ======================================================================================

Redirects are not followed. Endpoints deduplicate by ``webhook-id``, the message id, so a message in
doubt is resent. Each secret adds a signature, for rotation without downtime.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import httpx
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from fanzha.errors import InvalidInput
from infra.clock import now_ms
from services.warning.channels import address_filter, cloud_events
from services.warning.channels.address_filter import Network, Resolver, system_addresses
from services.warning.channels.channel import Outgoing, SendResult

LOG = logging.getLogger(__name__)
SCHEDULE_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Retry schedule recommended by Standard Webhooks."""
_GONE = 410
_SECONDS = re.compile(r"[0-9]{1,20}")
_SLOW_DOWN = frozenset({429, 503})
_LONGEST_WAIT = 3600.0
_WAIT = 30.0


class WebhookSender:
    """Sends to one endpoint, at a public address or one in *networks*.

    The constructor raises `InvalidInput` for an invalid URL or secret.
    """

    repeatable = True

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        *,
        source: str = "fanzha",
        networks: Sequence[Network] = (),
        timeout_seconds: float = 15.0,
        width: int = 16,
        time_ms: Callable[[], int] = now_ms,
        resolver: Resolver = system_addresses,
    ) -> None:
        self._url = address_filter.parse(url)
        self._resolver = resolver
        try:
            self._signers = [Webhook(secret) for secret in secrets]
        except (ValueError, RuntimeError, EmptyWebhookSecretError) as error:
            raise InvalidInput("webhook: a secret is not whsec_ and base64") from error
        if not self._signers:
            raise InvalidInput("webhook: needs a secret")
        self._source = source
        self._networks = networks
        self._time_ms = time_ms
        self.width = width
        # A proxy from the environment would resolve names itself and bypass the address filter.
        self._client = httpx.AsyncClient(
            follow_redirects=False, timeout=timeout_seconds, trust_env=False
        )
        self._going = asyncio.Event()
        self._going.set()

    @property
    def stopped(self) -> bool:
        """Whether the endpoint answered 410."""
        return not self._going.is_set()

    async def ready(self) -> None:
        """Return, unless the endpoint is gone; then never."""
        await self._going.wait()

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Post a message."""
        try:
            target = await address_filter.resolve(
                self._url, networks=self._networks, resolver=self._resolver
            )
        except InvalidInput as error:
            return self._again(outgoing, str(error), down=True)
        except OSError as error:
            return self._again(outgoing, f"no address: {error}", down=True)
        content_type, body = cloud_events.written(outgoing, self._source, self._time_ms())
        headers = self._signed(outgoing.message_id, body) | {
            "host": target.host_header,
            "content-type": content_type,
        }
        try:
            # Streamed and not read: the body of the answer is irrelevant, and may be long.
            async with self._client.stream(
                "POST",
                target.url,
                content=body.encode(),
                headers=headers,
                extensions={"sni_hostname": target.server_name},
            ) as answer:
                return self._answered(outgoing, answer)
        except httpx.ConnectError as error:
            return self._again(outgoing, f"cannot connect: {error}", down=True)
        except httpx.HTTPError as error:
            return self._again(outgoing, f"no answer: {type(error).__name__}", in_doubt=True)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def _signed(self, message_id: str, body: str) -> dict[str, str]:
        # The library reads the time as UTC whatever its zone.
        at = datetime.fromtimestamp(self._time_ms() // 1000, UTC)
        signatures = [one.sign(message_id, at, body) for one in self._signers]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _answered(self, outgoing: Outgoing, answer: httpx.Response) -> SendResult:
        if answer.is_success:
            return SendResult(accepted=True, provider_ids=(outgoing.message_id,))
        reason = f"the endpoint said {answer.status_code}"
        if answer.status_code == _GONE:
            self._going.clear()
            LOG.warning("webhook: the endpoint is gone (410); nothing is sent to it any more")
            return SendResult(error=reason, retry_after=_WAIT, down=True)
        if answer.status_code in _SLOW_DOWN:
            seconds = retry_after(answer.headers.get("retry-after", ""))
            return SendResult(error=reason, retry_after=seconds, down=True)
        return self._again(outgoing, reason)

    def _again(
        self, outgoing: Outgoing, error: str, *, down: bool = False, in_doubt: bool = False
    ) -> SendResult:
        """Delay a message by the retry schedule; after its end give it up."""
        tried = outgoing.attempt - 1
        if tried >= len(SCHEDULE_SECONDS):
            return SendResult(error=error, given_up=True)
        wait = float(SCHEDULE_SECONDS[tried])
        return SendResult(error=error, retry_after=wait, in_doubt=in_doubt, trouble=down)


def retry_after(header: str) -> float:
    """Return the seconds in a ``Retry-After``, within an hour; a date, and anything else: 30."""
    return min(float(header), _LONGEST_WAIT) if _SECONDS.fullmatch(header) else _WAIT
