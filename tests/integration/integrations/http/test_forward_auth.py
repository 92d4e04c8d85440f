"""Subrequests as nginx, Traefik and Caddy send them, over a socket."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.adapters import LISTED_HOST, adapter, block_host
from tests.support.processes import LEAN, Running, fanzha_up

FORWARDED = {"x-forwarded-method": "GET", "x-forwarded-proto": "https", "x-forwarded-uri": "/a?b"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fanzha_up(tmp_path_factory.mktemp("service"), workers=1, **LEAN) as running:
        block_host(running, LISTED_HOST)
        yield running


@pytest.fixture(scope="module")
def gateway(service: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    settings = {
        "FANZHA_FORWARD_AUTH_LISTEN": "127.0.0.1:0",
        "FANZHA_FORWARD_AUTH_TARGETS": service.interception,
        "FANZHA_FORWARD_AUTH_TIMEOUT_MS": "10000",
        "FANZHA_FORWARD_AUTH_BLOCK_PAGE_URL": "https://blocked.example/",
    }
    with adapter("forward-auth", tmp_path_factory.mktemp("adapter"), **settings) as asked:
        url = f"http://{asked.addresses['forward_auth']}"
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            yield client


@pytest.mark.parametrize(
    "headers",
    [
        {**FORWARDED, "x-forwarded-host": "shop.example"},
        {"x-original-url": "https://shop.example/a?b"},
    ],
)
def test_a_site_that_no_list_names_passes(gateway: httpx.Client, headers: dict[str, str]) -> None:
    answer = gateway.get("/auth", headers=headers)

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "headers",
    [
        {**FORWARDED, "x-forwarded-host": LISTED_HOST},
        {"x-original-url": f"https://{LISTED_HOST}/a?b"},
    ],
)
def test_a_page_load_of_a_listed_host_is_redirected_by_its_decision(
    gateway: httpx.Client, headers: dict[str, str]
) -> None:
    answer = gateway.get("/auth", headers={**headers, "accept": "text/html"})

    decision = answer.headers["x-fanzha-decision-id"]
    assert answer.status_code == 302
    assert answer.headers["location"] == f"https://blocked.example/?decision={decision}"


def test_a_script_s_request_gets_the_refusal_itself(gateway: httpx.Client) -> None:
    headers = {**FORWARDED, "x-forwarded-host": LISTED_HOST, "sec-fetch-mode": "cors"}

    assert gateway.get("/auth", headers=headers).status_code == 403


def test_without_the_original_request_the_gateway_is_told(gateway: httpx.Client) -> None:
    assert gateway.get("/auth").status_code == 400


def test_health_says_that_it_serves(gateway: httpx.Client) -> None:
    assert gateway.get("/health").text == "serving\n"
