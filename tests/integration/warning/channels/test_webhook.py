"""Webhooks to a real HTTP server."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from standardwebhooks.webhooks import Webhook

from fanzha.errors import InvalidInput
from services.warning.channels import address_filter
from services.warning.channels.address_filter import Resolver, parse_networks
from services.warning.channels.channel import Outgoing
from services.warning.channels.webhook import SCHEDULE_SECONDS, WebhookSender
from tests.support.name_server import name_server
from tests.support.webhook_endpoint import Endpoint, an_endpoint

OLD, NEW = ("whsec_" + base64.b64encode(text * 24).decode() for text in (b"o", b"n"))


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with an_endpoint() as endpoint:
        yield endpoint


@asynccontextmanager
async def sender(
    url: str,
    *secrets: str,
    networks: str = "127.0.0.0/8",
    resolver: Resolver = address_filter.system_addresses,
) -> AsyncIterator[WebhookSender]:
    sending = WebhookSender(
        url, secrets or (NEW,), networks=parse_networks(networks), resolver=resolver
    )
    try:
        yield sending
    finally:
        await sending.close()


def a_message(attempt: int = 1) -> Outgoing:
    return Outgoing(
        message_id="c.1", to="+8617000000001", text="警惕诈骗", case_id="c", attempt=attempt
    )


async def test_any_current_secret_verifies_the_signature(endpoint: Endpoint) -> None:
    async with sender(endpoint.url, OLD, NEW) as webhook:
        sent = await webhook.send(a_message())

    ((headers, body),) = endpoint.got
    assert sent.accepted
    for secret in (OLD, NEW):
        event = Webhook(secret).verify(body, headers)
    assert (event["specversion"], event["id"], event["subject"]) == ("1.0", "c.1", "c")
    assert event["data"]["text"] == "警惕诈骗"
    assert headers["content-type"].startswith("application/cloudevents+json")


async def test_a_retry_has_the_same_id(endpoint: Endpoint) -> None:
    async with sender(endpoint.url) as webhook:
        await webhook.send(a_message())
        await webhook.send(a_message(2))

    assert [headers["webhook-id"] for headers, _ in endpoint.got] == ["c.1", "c.1"]


async def test_a_failed_delivery_is_retried_by_schedule_and_given_up(endpoint: Endpoint) -> None:
    endpoint.status = 500
    async with sender(endpoint.url) as webhook:
        sent = [await webhook.send(a_message(attempt)) for attempt in range(1, 11)]

    assert [one.retry_after for one in sent] == [*SCHEDULE_SECONDS, None]
    assert sent[-1].given_up


async def test_an_endpoint_that_answers_410_gets_no_more(endpoint: Endpoint) -> None:
    endpoint.status = 410
    async with sender(endpoint.url) as webhook:
        sent = await webhook.send(a_message())

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await webhook.ready()
    assert sent.down
    assert webhook.stopped


async def test_a_redirect_is_not_followed(endpoint: Endpoint) -> None:
    endpoint.status = 302
    async with sender(endpoint.url) as webhook:
        sent = await webhook.send(a_message())

    assert not sent.accepted
    assert len(endpoint.got) == 1


async def test_retry_after_of_a_busy_endpoint_is_respected(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.headers = 429, {"retry-after": "7"}
    async with sender(endpoint.url) as webhook:
        sent = await webhook.send(a_message())

    assert (sent.retry_after, sent.down) == (7.0, True)


async def test_private_addresses_are_refused(endpoint: Endpoint) -> None:
    async with sender(endpoint.url, networks="") as webhook:
        sent = await webhook.send(a_message())

    assert not sent.accepted
    assert "private address 127.0.0.1" in sent.error
    assert endpoint.got == []


async def test_a_request_goes_to_the_address_that_was_checked(endpoint: Endpoint) -> None:
    url = endpoint.url.replace("127.0.0.1", "hook.example")
    async with (
        name_server(["127.0.0.1"], ["127.0.0.2"]) as names,
        sender(url, resolver=names.addresses) as webhook,
    ):
        sent = await webhook.send(a_message())

    ((headers, _),) = endpoint.got
    assert sent.accepted
    assert f"http://{headers['host']}/hook" == url
    assert names.questions == ["hook.example"]


async def test_a_name_rebound_to_a_private_address_is_refused() -> None:
    url = address_filter.parse("https://hook.example/x")
    async with name_server(["8.8.8.8"], ["127.0.0.1"]) as names:
        target = await address_filter.resolve(url, resolver=names.addresses)
        with pytest.raises(InvalidInput, match="has the private address"):
            await address_filter.resolve(url, resolver=names.addresses)

    assert target.url == "https://8.8.8.8/x"
    assert (target.server_name, target.host_header) == ("hook.example", "hook.example")
    assert names.questions == ["hook.example"] * 2


async def test_a_name_with_any_private_address_is_refused() -> None:
    url = address_filter.parse("https://hook.example/x")
    async with name_server(["8.8.8.8", "127.0.0.1"]) as names:
        with pytest.raises(InvalidInput, match="has the private address"):
            await address_filter.resolve(url, resolver=names.addresses)


async def test_a_sender_refuses_a_name_that_resolves_to_a_private_address(
    endpoint: Endpoint,
) -> None:
    url = endpoint.url.replace("127.0.0.1", "hook.example")
    async with (
        name_server(["127.0.0.1"]) as names,
        sender(url, networks="", resolver=names.addresses) as webhook,
    ):
        sent = await webhook.send(a_message())

    assert "hook.example has the private address 127.0.0.1" in sent.error
    assert endpoint.got == []


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
        *("::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"),
    ],
)
def test_an_address_inside_a_network_is_not_public(address: str) -> None:
    assert not address_filter.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_other_addresses_are_public(address: str) -> None:
    assert address_filter.is_public(address)


@pytest.mark.parametrize("url", ["ftp://a.test/", "https://u:p@a.test/", "/x", "http://a.test/#x"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="webhook: "):
        WebhookSender(url, [NEW])


@pytest.mark.parametrize("secrets", [[], ["whsec_"], ["whsec_ä"]])
def test_an_unusable_secret_is_refused(secrets: list[str]) -> None:
    with pytest.raises(InvalidInput, match="secret"):
        WebhookSender("https://a.test/", secrets)
