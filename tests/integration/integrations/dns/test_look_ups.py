"""A real Unbound tells who looked up a listed name, and the hit names the subscriber."""

import json
import re
import socket as sockets
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.adapters import adapter, block_host
from tests.support.dnstap_frames import frame
from tests.support.external_servers import program, started
from tests.support.processes import LEAN, Running, eventually, fanzha_up
from tests.support.reserved_ports import reserved_port
from tests.support.resolvers import FOUND, address_of, everything_exists, unbound

LISTED = "listed.example"
SUBSCRIBER = "+8619900000001"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fanzha_up(tmp_path_factory.mktemp("service"), workers=1, **LEAN) as running:
        block_host(running, LISTED)
        yield running


def counted(metrics: str, outcome: str) -> float:
    with urllib.request.urlopen(f"http://{metrics}/metrics") as answer:
        page = answer.read().decode()
    match = re.search(rf'look_ups_total{{outcome="{outcome}"}} (\S+)', page)
    return float(match[1]) if match else 0.0


def test_a_look_up_of_a_listed_name_is_a_hit_of_its_subscriber(
    service: Running, tmp_path: Path
) -> None:
    program("unbound", package="unbound")
    socket = tmp_path / "tap.sock"
    (tmp_path / "subscribers").write_text(f"127.0.0.1 {SUBSCRIBER}\n")
    port, metrics = reserved_port(), f"127.0.0.1:{reserved_port()}"
    empty = tmp_path / "empty.zone"
    empty.write_text("$TTL 60\n@ SOA localhost. h.localhost. 1 60 60 60 60\n@ NS localhost.\n")
    settings = {
        "FANZHA_DNSTAP_SOCKET": str(socket),
        "FANZHA_DNSTAP_LIST_TARGETS": service.admin,
        "FANZHA_DNSTAP_TARGETS": service.interception,
        "FANZHA_DNSTAP_LIVE": "true",
        "FANZHA_DNSTAP_SUBSCRIBERS_FILE": str(tmp_path / "subscribers"),
        "FANZHA_DNSTAP_METRICS_LISTEN": metrics,
    }
    with adapter("dnstap", tmp_path, **settings), everything_exists() as upstream:
        command = unbound(tmp_path, port, upstream, f'zonefile: "{empty}"')
        file = tmp_path / "unbound.conf"
        file.write_text(
            f"{file.read_text()}dnstap:\n    dnstap-enable: yes\n    dnstap-bidirectional: yes\n"
            f'    dnstap-socket-path: "{socket}"\n    dnstap-log-client-query-messages: yes\n'
        )
        with started(command, tmp_path, lambda: address_of(port, "ready.example") == FOUND):
            eventually(
                lambda: (
                    address_of(port, f"www.{LISTED}") == FOUND and counted(metrics, "reported") > 0
                )
            )
            assert address_of(port, "other.example") == FOUND
            eventually(lambda: counted(metrics, "unlisted") > 0)

    tail = ("hits", "tail", "--since", "beginning", "--count", "1", "--full", "--json")
    hit = json.dumps(json.loads(service.fanzha(*tail).stdout.splitlines()[0]))
    assert SUBSCRIBER in hit
    assert f"www.{LISTED}" in hit


def test_what_is_no_stream_of_look_ups_ends_nothing(service: Running, tmp_path: Path) -> None:
    path = tmp_path / "tap.sock"
    settings = {
        "FANZHA_DNSTAP_SOCKET": str(path),
        "FANZHA_DNSTAP_LIST_TARGETS": service.admin,
        "FANZHA_DNSTAP_TARGETS": service.interception,
    }
    whole = frame(LISTED)
    streams = [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100, b"\0" * 100, b"\0\0\0\0\0\0\0\4\0\0\0\2",
               b"\0\0\0\0\0\0\0\4\0\0\0\2" + b"\xff\xff\xff\xff"]  # fmt: skip
    with adapter("dnstap", tmp_path, **settings) as running:
        for content in streams:
            with sockets.socket(sockets.AF_UNIX) as client:
                client.connect(str(path))
                client.sendall(content)
        with sockets.socket(sockets.AF_UNIX) as client:
            client.connect(str(path))
            start = b"\0\0\0\0\0\0\0\4\0\0\0\2"
            client.sendall(start + len(whole).to_bytes(4, "big") + whole)
            client.sendall(b"\0\0\0\0\0\0\0\4\0\0\0\3")
            client.settimeout(60)
            assert client.recv(100).endswith(b"\0\0\0\5")
        assert running.process.poll() is None
