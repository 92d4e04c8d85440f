"""Prometheus endpoints speak HTTPS where they are given a certificate, and then nothing else."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from services.auth.local_authority import AuthorityFolder
from services.telemetry import admin_exporter
from services.telemetry.metrics_exporter import MetricsPages, MetricsServer
from tests.support.identities import now


@pytest.fixture(params=["workers", "administration"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    folder = AuthorityFolder(tmp_path / "identity")
    folder.make([], now=now(), days=1)
    with endpoint(request.param, tmp_path, (folder.path / "server.pem", folder.private("server"))):
        yield int((tmp_path / "port").read_text())


@contextmanager
def endpoint(kind: str, folder: Path, certificate: tuple[Path, Path]) -> Iterator[None]:
    if kind == "workers":
        pages = MetricsPages(folder / "metrics")
        with MetricsServer(pages, "127.0.0.1", 0, certificate=certificate) as server:
            (folder / "port").write_text(str(server.port))
            yield
    else:
        registry = CollectorRegistry()
        with admin_exporter.page(registry, "127.0.0.1", 0, certificate=certificate) as number:
            (folder / "port").write_text(str(number))
            yield


def read(url: str, authority: Path | None = None) -> str:
    trusted = ssl.create_default_context(cafile=authority)
    with urllib.request.urlopen(url, timeout=30, context=trusted) as answer:  # noqa: S310 - loopback
        return str(answer.read().decode())


def test_who_trusts_the_authority_reads_the_page(port: int, tmp_path: Path) -> None:
    page = read(f"https://127.0.0.1:{port}/metrics", tmp_path / "identity" / "ca.pem")

    assert "# TYPE fanzha_" in page


def test_plain_http_gets_no_page(port: int) -> None:
    with pytest.raises(OSError, match=r"."):
        read(f"http://127.0.0.1:{port}/metrics")


def test_a_reader_of_other_authorities_breaks_off(port: int) -> None:
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        read(f"https://127.0.0.1:{port}/metrics")
