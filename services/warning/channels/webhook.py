"""Posts messages to an endpoint as CloudEvents, see `webhook_endpoint`.

========  ======================================================================================
answer    result
========  ======================================================================================
2xx       accepted
410       the endpoint is gone: nothing is sent until this service restarts
429, 503  the channel pauses for ``Retry-After``
others    retried after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h; then a dead letter
========  ======================================================================================

A message in doubt is resent: endpoints deduplicate by the message id.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence

from infra.clock import now_ms
from services.warning.channels import cloud_events
from services.warning.channels.address_filter import Network, Resolver, system_addresses
from services.warning.channels.channel import Outgoing, SendResult
from services.warning.channels.webhook_endpoint import WebhookAnswer, WebhookEndpoint

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
        self._endpoint = WebhookEndpoint(
            url,
            secrets,
            networks=networks,
            timeout_seconds=timeout_seconds,
            time_ms=time_ms,
            resolver=resolver,
        )
        self._source = source
        self._time_ms = time_ms
        self.width = width
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
        content_type, body = cloud_events.written(outgoing, self._source, self._time_ms())
        answer = await self._endpoint.post(outgoing.message_id, content_type, body)
        if answer.status:
            return self._answered(outgoing, answer)
        in_doubt = answer.posted
        return self._again(outgoing, answer.error, down=not in_doubt, in_doubt=in_doubt)

    async def close(self) -> None:
        """Close all connections."""
        await self._endpoint.close()

    def _answered(self, outgoing: Outgoing, answer: WebhookAnswer) -> SendResult:
        if answer.accepted:
            return SendResult(accepted=True, provider_ids=(outgoing.message_id,))
        reason = f"the endpoint said {answer.status}"
        if answer.status == _GONE:
            self._going.clear()
            LOG.warning("webhook: the endpoint is gone (410); nothing is sent to it any more")
            return SendResult(error=reason, retry_after=_WAIT, down=True)
        if answer.status in _SLOW_DOWN:
            return SendResult(error=reason, retry_after=retry_after(answer.retry_after), down=True)
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
