"""Requests through a real Squid, which asks our adapter over ICAP."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from tests.support.adapters import LISTED_HOST, adapter, block_host
from tests.support.checkout import CHECKOUT
from tests.support.external_servers import program, started, unconfined
from tests.support.processes import LEAN, fanzha_up
from tests.support.reserved_ports import reserved_port

CONFIG = (CHECKOUT / "examples" / "squid.conf").read_text()
WITHOUT_FILES = """
never_direct allow all_of_them
cache deny all_of_them
access_log none
cache_log /dev/stderr
cache_store_log none
pid_filename none
netdb_filename none
coredump_dir none
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname proxy.example
"""
"""What a test adds: a site for all names, and nothing on disk."""


class Shop(BaseHTTPRequestHandler):
    """Says how long a body it got."""

    def do_GET(self) -> None:
        self._say(b"shop")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        self._say(str(len(body)).encode())

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[int]:
    """Run the site that Squid reaches under any name; its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, site: int) -> Iterator[httpx.Client]:
    program("squid", package="squid")
    folder = tmp_path_factory.mktemp("proxy")
    settings = {"FANZHA_ICAP_LISTEN": "127.0.0.1:0", "FANZHA_ICAP_TIMEOUT_MS": "10000"}
    with fanzha_up(folder, workers=1, **LEAN) as service:
        settings["FANZHA_ICAP_TARGETS"] = service.interception
        with adapter("icap", folder, **settings) as asked:
            block_host(service, LISTED_HOST)
            with (
                _squid(folder, asked.port("icap"), site) as url,
                httpx.Client(proxy=url, timeout=60, trust_env=False) as client,
            ):
                yield client


@contextmanager
def _squid(folder: Path, icap: int, site: int) -> Iterator[str]:
    port = reserved_port()
    text = CONFIG.replace("127.0.0.1:3128", f"127.0.0.1:{port}")
    text = text.replace("127.0.0.1:1344", f"127.0.0.1:{icap}").replace("2 seconds", "30 seconds")
    config = folder / "squid.conf"
    config.write_text(
        text + WITHOUT_FILES + f"cache_peer 127.0.0.1 parent {site} 0 originserver no-query\n"
    )
    squid = unconfined(program("squid", package="squid"), folder)
    with started([squid, "-N", "-d1", "-f", str(config)], folder, lambda: _listens(port)):
        yield f"http://127.0.0.1:{port}"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("path", ["/", "/a?b=c", "/%E4%B8%AD"])
def test_a_site_that_no_list_names_is_reached(proxy: httpx.Client, path: str) -> None:
    answer = proxy.get(f"http://shop.example{path}")

    assert (answer.status_code, answer.text) == (200, "shop")


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


def test_a_tunnel_to_a_listed_host_is_refused(proxy: httpx.Client) -> None:
    with pytest.raises(httpx.ProxyError, match="403"):
        proxy.get(f"https://{LISTED_HOST}/")


def test_without_an_adapter_squid_lets_through(site: int, tmp_path: Path) -> None:
    with (
        _squid(tmp_path, reserved_port(), site) as url,
        httpx.Client(proxy=url, timeout=60, trust_env=False) as client,
    ):
        assert client.get(f"http://{LISTED_HOST}/").text == "shop"
