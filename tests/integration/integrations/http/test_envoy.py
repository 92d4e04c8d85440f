"""Requests through a real Envoy, which asks our adapter about each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.adapters import LISTED_HOST, adapter, block_host
from tests.support.processes import LEAN, Running, eventually, fanzha_up
from tests.support.reserved_ports import reserved_port
from tests.support.web_gateways import envoy, gateway_site


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Envoy in front of a site, with what decides behind it."""

    url: str
    service: Running

    def get(self, host: str, path: str = "/", **headers: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers={"host": host, **headers}, timeout=30)


@pytest.fixture(scope="module")
def site() -> Iterator[int]:
    with gateway_site() as port:
        yield port


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, site: int) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    settings = {"FANZHA_EXT_AUTHZ_LISTEN": "127.0.0.1:0", "FANZHA_EXT_AUTHZ_TIMEOUT_MS": "10000"}
    with fanzha_up(folder, workers=1, **LEAN) as service:
        settings["FANZHA_EXT_AUTHZ_TARGETS"] = service.interception
        with adapter("ext-authz", folder, **settings) as asked:
            block_host(service, LISTED_HOST)
            with envoy(folder, site, asked.port("ext_authz")) as url:
                yield Gateway(url=url, service=service)


def test_a_site_that_no_list_names_is_reached_and_told_the_decision(gateway: Gateway) -> None:
    answer = gateway.get("shop.example", "/a?b=c", **{"x-fanzha-decision-id": "forged"})

    assert answer.status_code == 200
    assert answer.text.isdigit()


def test_a_listed_host_gets_the_block_page_with_the_decision(gateway: Gateway) -> None:
    answer = gateway.get(LISTED_HOST, "/login")

    assert answer.status_code == 403
    decision = answer.headers["x-fanzha-decision-id"]
    assert decision in answer.text
    assert "96110" in answer.text


def test_an_appeal_against_that_decision_is_taken(gateway: Gateway) -> None:
    decision = gateway.get(LISTED_HOST).headers["x-fanzha-decision-id"]

    def opened() -> bool:
        arguments = ("appeals", "open", decision, "--name", "张三")
        done = gateway.service.fanzha(
            *arguments, "--contact", "+8617000000001", "--grounds", "误拦", check=False
        )
        return done.returncode == 0

    eventually(opened)


@pytest.mark.parametrize(
    "path",
    [
        "/" + "a" * 20_000, "/%00%0d%0aSet-Cookie:x", "//evil", "/?" + "x=" * 3000,
        "/<script>alert(1)</script>", "/\u4e2d\u6587",
    ],
)  # fmt: skip
def test_no_url_breaks_the_answer(gateway: Gateway, path: str) -> None:
    answer = gateway.get(LISTED_HOST, path)

    assert answer.status_code == 403
    assert "<script" not in answer.text


def test_without_an_adapter_envoy_lets_through(site: int, tmp_path: Path) -> None:
    with envoy(tmp_path, site, reserved_port()) as url:
        headers = {"host": LISTED_HOST, "x-fanzha-decision-id": "forged"}
        answer = httpx.get(url, headers=headers, timeout=30)

    assert (answer.status_code, answer.text) == (200, "none")
