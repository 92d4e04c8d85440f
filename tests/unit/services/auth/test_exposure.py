"""Nothing is served to others without TLS and authentication."""

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.auth import exposure
from services.auth.local_authority import AuthorityFolder
from services.settings.settings import Settings
from tests.support.identities import now

OUTSIDE = ["0.0.0.0", "::", "10.0.0.1", "fanzha.example", ""]


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, Any]:
    made = AuthorityFolder(tmp_path / "identity")
    made.make([], now=now(), days=1)
    return {"tls_certificate": made.path / "server.pem", "tls_key": made.private("server")}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_tls(host: str) -> None:
    exposure.check_admin(Settings(admin_host=host))


@pytest.mark.parametrize("host", OUTSIDE)
def test_without_tls_other_addresses_are_refused(host: str) -> None:
    with pytest.raises(ValueError, match="TLS is off"):
        exposure.check_admin(Settings(admin_host=host))


def test_with_tls_and_identities_it_may_be_served_anywhere(
    tls: dict[str, Any], tmp_path: Path
) -> None:
    keys = AuthorityFolder(tmp_path / "identity").keys

    exposure.check_admin(
        Settings(admin_host="0.0.0.0", jwks_file=keys, token_issuer="fanzha-local", **tls)
    )


def test_tls_without_identities_is_refused(tls: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="authentication is off"):
        exposure.check_admin(Settings(admin_host="0.0.0.0", **tls))


@pytest.mark.parametrize("host", OUTSIDE)
def test_decisions_in_plain_text_are_refused_beyond_loopback(host: str) -> None:
    with pytest.raises(ValueError, match=r"not loopback.*without TLS, authentication"):
        exposure.check_decisions(Settings(listen_host=host))


def test_decisions_with_tls_and_no_identities_are_refused(tls: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="without authentication"):
        exposure.check_decisions(Settings(listen_host="0.0.0.0", **tls))


def test_decisions_with_tls_and_identities_may_be_served_anywhere(
    tls: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = AuthorityFolder(tmp_path / "identity").keys

    exposure.check_decisions(
        Settings(listen_host="0.0.0.0", jwks_file=keys, token_issuer="fanzha-local", **tls)
    )

    assert exposure.logger.name not in {record.name for record in caplog.records}


def test_decisions_in_plain_text_are_served_where_a_setting_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        exposure.check_decisions(Settings(listen_host="0.0.0.0", decisions_plaintext=True))

    assert "without TLS and authentication" in caplog.text


def test_loopback_is_served_without_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    exposure.check_decisions(Settings())
    exposure.check_metrics(Settings())

    assert exposure.logger.name not in {record.name for record in caplog.records}


@pytest.mark.parametrize("host", OUTSIDE)
def test_metrics_in_plain_text_are_refused_beyond_loopback(host: str) -> None:
    with pytest.raises(ValueError, match="metrics_plaintext"):
        exposure.check_metrics(Settings(metrics_host=host))


def test_metrics_beyond_loopback_have_the_certificate_unless_told_otherwise(
    tls: dict[str, Any],
) -> None:
    outside = Settings(metrics_host="0.0.0.0", **tls)
    plain = Settings(metrics_host="0.0.0.0", metrics_plaintext=True, **tls)

    exposure.check_metrics(outside)
    exposure.check_metrics(plain)

    assert exposure.metrics_certificate(outside) == (tls["tls_certificate"], tls["tls_key"])
    assert exposure.metrics_certificate(plain) is None
    assert exposure.metrics_certificate(Settings(**tls)) is None


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        (["tls_certificate"], "set both or neither"),
        (["tls_client_ca"], "requires tls_certificate and tls_key"),
        (["tls_certificate", "tls_key", "tls_client_ca"], "requires identities_file or jwks_file"),
        (["jwks_file"], "token_issuer"),
        (["identities_file"], "requires tls_client_ca"),
    ],
)
def test_settings_that_do_not_fit_together_are_named(
    tmp_path: Path, names: list[str], wrong: str
) -> None:
    file = tmp_path / "file"
    file.write_text("")

    result: Any = dict.fromkeys(names, file)

    with pytest.raises(ValidationError, match=wrong):
        Settings(**result)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="not a file"):
        Settings(jwks_file=tmp_path / "nowhere", token_issuer="a")
