"""List administration is not served to others without TLS."""

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.auth import exposure
from services.auth.local_authority import AuthorityFolder
from services.settings.settings import Settings
from tests.support.identities import now


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, Any]:
    made = AuthorityFolder(tmp_path / "identity")
    made.make([], now=now(), days=1)
    return {"tls_certificate": made.path / "server.pem", "tls_key": made.private("server")}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_tls(host: str) -> None:
    exposure.check_admin(Settings(admin_host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "fanzha.example", ""])
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


def test_decisions_without_tls_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        exposure.warn_decision_exposure(Settings(listen_host="0.0.0.0"))

    assert "without TLS" in caplog.text
    assert "authentication is off" in caplog.text


def test_loopback_causes_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    exposure.warn_decision_exposure(Settings())

    assert not caplog.records


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
