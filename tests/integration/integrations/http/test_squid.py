"""Requests through a real Squid, which asks our adapter over ICAP."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.adapters import LISTED_HOST, adapter, block_host
from tests.support.processes import LEAN, eventually, fanzha_up
from tests.support.reserved_ports import reserved_port
from tests.support.web_gateways import gateway_site, squid


@pytest.fixture(scope="module")
def site() -> Iterator[int]:
    with gateway_site() as port:
        yield port


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, site: int) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("proxy")
    settings = {"FANZHA_ICAP_LISTEN": "127.0.0.1:0", "FANZHA_ICAP_TIMEOUT_MS": "10000"}
    with fanzha_up(folder, workers=1, **LEAN) as service:
        settings["FANZHA_ICAP_TARGETS"] = service.interception
        with adapter("icap", folder, **settings) as asked:
            block_host(service, LISTED_HOST)
            with (
                squid(folder, site, asked.port("icap")) as url,
                httpx.Client(proxy=url, timeout=60, trust_env=False) as client,
            ):
                # Squid lets through until the adapter has answered its OPTIONS.
                eventually(lambda: client.get(f"http://{LISTED_HOST}/").is_client_error)
                yield client


@pytest.mark.parametrize("path", ["/", "/a?b=c", "/%E4%B8%AD"])
def test_a_site_that_no_list_names_is_reached(proxy: httpx.Client, path: str) -> None:
    answer = proxy.get(f"http://shop.example{path}")

    assert (answer.status_code, answer.text) == (200, "none")


def test_a_body_passes_whole(proxy: httpx.Client) -> None:
    answer = proxy.post("http://shop.example/form", content=b"x" * 300_000)

    assert answer.text == "300000"


def test_a_listed_host_gets_the_block_page_with_the_decision(proxy: httpx.Client) -> None:
    answer = proxy.get(f"http://{LISTED_HOST}/login")

    assert answer.status_code == 403
    assert answer.headers["x-fanzha-decision-id"] in answer.text


def test_a_form_to_a_listed_host_is_not_sent(proxy: httpx.Client) -> None:
    answer = proxy.post(f"http://{LISTED_HOST}/form", content=b"secret" * 50_000)

    assert answer.status_code == 403


@pytest.mark.parametrize(("bytes_of_form", "forms"), [(300_000, 30), (6_000_000, 2)])
def test_what_follows_a_refused_form_is_answered(
    proxy: httpx.Client, bytes_of_form: int, forms: int
) -> None:
    for _ in range(forms):
        refused = proxy.post(f"http://{LISTED_HOST}/form", content=b"s" * bytes_of_form)
        # The client keeps a connection for each host.
        later = proxy.get(f"http://{LISTED_HOST}/")

        assert (refused.status_code, later.status_code) == (403, 403)


def test_a_tunnel_to_a_listed_host_is_refused(proxy: httpx.Client) -> None:
    with pytest.raises(httpx.ProxyError, match="403"):
        proxy.get(f"https://{LISTED_HOST}/")


def test_without_an_adapter_squid_lets_through(site: int, tmp_path: Path) -> None:
    with (
        squid(tmp_path, site, reserved_port()) as url,
        httpx.Client(proxy=url, timeout=60, trust_env=False) as client,
    ):
        assert client.get(f"http://{LISTED_HOST}/").text == "none"
