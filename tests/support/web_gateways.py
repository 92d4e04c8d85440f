"""A real Envoy and a real Squid by the documented configurations, and a site behind them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx

from tests.support.checkout import CHECKOUT
from tests.support.external_servers import program, started, unconfined
from tests.support.reserved_ports import reserved_port

_ENVOY = (CHECKOUT / "examples" / "envoy.yaml").read_text()
_ASKING = "          - name: envoy.filters.http.ext_authz\n"
_ROUTING = "          - name: envoy.filters.http.router\n"
_SQUID = (CHECKOUT / "examples" / "squid.conf").read_text()
_WITHOUT_FILES = """
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


class GatewaySite(BaseHTTPRequestHandler):
    """Says which decision it was told of a GET, and how long the body of a POST was."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._say(self.headers.get("x-fanzha-decision-id", "none"))

    def do_POST(self) -> None:
        self._say(str(len(self.rfile.read(int(self.headers.get("content-length", "0"))))))

    def _say(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def gateway_site() -> Iterator[int]:
    """Run the site; yield its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), GatewaySite)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@contextmanager
def envoy(folder: Path, site: int, adapter_port: int | None) -> Iterator[str]:
    """Run Envoy on another port; yield its URL. Without an adapter's port it asks nobody."""
    port = reserved_port()
    # A busy machine must not look like an absent adapter.
    text = _ENVOY.replace("timeout: 0.1s", "timeout: 20s")
    if adapter_port is None:
        text = text[: text.index(_ASKING)] + text[text.index(_ROUTING) :]
    for documented, found in {"10080": port, "10081": site, "7391": adapter_port or 1}.items():
        text = text.replace(f"port_value: {documented}", f"port_value: {found}")
    config = folder / "envoy.yaml"
    config.write_text(text)
    command = [str(Path(sys.executable).parent / "envoy"), "-c", str(config)]
    command += ["--concurrency", "1", "--base-id", str(port), "--log-level", "warning"]
    url = f"http://127.0.0.1:{port}"
    with started(command, folder, lambda: answers(url)):
        yield url


@contextmanager
def squid(
    folder: Path, site: int, icap_port: int | None, *, accelerated: bool = False
) -> Iterator[str]:
    """Run Squid on another port; yield its URL, of a proxy or of an accelerator."""
    found = program("squid", package="squid")
    port = reserved_port()
    listen = f"127.0.0.1:{port}" + (" accel vhost" if accelerated else "")
    text = _SQUID.replace("127.0.0.1:3128", listen).replace("2 seconds", "30 seconds")
    if icap_port is None:
        text = text.replace("icap_enable on", "icap_enable off")
    else:
        text = text.replace("127.0.0.1:1344", f"127.0.0.1:{icap_port}")
    config = folder / "squid.conf"
    config.write_text(
        f"{text}{_WITHOUT_FILES}cache_peer 127.0.0.1 parent {site} 0 originserver no-query\n"
    )
    url = f"http://127.0.0.1:{port}"
    command = [unconfined(found, folder), "-N", "-d1", "-f", str(config)]
    with started(command, folder, lambda: _responds(url)):
        yield url


def answers(url: str) -> bool:
    """Return whether a gateway gets the page of a site."""
    try:
        return httpx.get(url, headers={"host": "shop.example"}, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _responds(url: str) -> bool:
    try:
        httpx.get(url, trust_env=False)
    except httpx.HTTPError:
        return False
    return True
