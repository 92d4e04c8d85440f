import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.settings import loader
from services.settings.loader import SettingsError
from tests.support.checkout import CHECKOUT


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start from an environment without settings of ours."""
    for name in [name for name in os.environ if name.startswith("FANZHA_")]:
        monkeypatch.delenv(name)


def faults() -> str:
    with pytest.raises(SettingsError) as raised:
        loader.load()
    return str(raised.value)


def test_without_any_settings_the_defaults_hold() -> None:
    settings = loader.load()

    assert settings.redis_url is None
    assert (settings.listen_host, settings.listen_port) == ("127.0.0.1", 7361)


def test_every_fault_is_named_in_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "fanzha.toml"
    file.write_text('drain_seconds = "soon"\nworker = 3\n')
    monkeypatch.setenv("FANZHA_CONFIG", str(file))
    monkeypatch.setenv("FANZHA_LISTEN_PORT", "70000")
    monkeypatch.setenv("FANZHA_TEXT_THRESHOLD", "0")
    monkeypatch.setenv("FANZHA_ACTIVITY_SLOTS", "1000000")
    monkeypatch.setenv("FANZHA_REDIS_URI", "redis://store.example")

    message = faults()

    assert "listen_port (FANZHA_LISTEN_PORT)" in message
    assert "text_threshold (FANZHA_TEXT_THRESHOLD)" in message
    assert "activity_slots (FANZHA_ACTIVITY_SLOTS): must be a power of two" in message
    assert "drain_seconds (FANZHA_DRAIN_SECONDS)" in message
    assert "worker: unknown; did you mean workers?" in message
    assert "FANZHA_REDIS_URI: unknown; did you mean FANZHA_REDIS_URL?" in message


def test_a_password_in_a_wrong_url_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANZHA_REDIS_URL", "http://:hidden@store.example")

    message = faults()

    assert "redis_url" in message
    assert "hidden" not in message


def test_a_variable_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "fanzha.toml"
    file.write_text("workers = 3\nadmin_port = 9000\n")
    monkeypatch.setenv("FANZHA_CONFIG", str(file))
    monkeypatch.setenv("FANZHA_WORKERS", "2")

    settings = loader.load()

    assert (settings.workers, settings.admin_port) == (2, 9000)


@pytest.mark.parametrize(
    ("text", "wrong"), [(None, "No such file"), ("workers = ", "not valid TOML")]
)
def test_a_file_that_cannot_be_read_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None, wrong: str
) -> None:
    file = tmp_path / "fanzha.toml"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv("FANZHA_CONFIG", str(file))

    assert wrong in faults()


def test_two_roles_cannot_share_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANZHA_ADMIN_PORT", "7361")

    assert "admin_port: 7361 is used by listen_port" in faults()


def test_variables_that_kubernetes_sets_for_a_service_named_fanzha_are_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("PORT", "SERVICE_HOST", "PORT_7361_TCP_ADDR", "ADMIN_SERVICE_PORT_GRPC"):
        monkeypatch.setenv(f"FANZHA_{name}", "tcp://10.0.0.1:7361")

    assert loader.load().listen_port == 7361


def test_variables_of_commands_and_child_processes_are_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("FANZHA_TARGET", "FANZHA_ADMIN_TARGET", "FANZHA_WORKER_NAME"):
        monkeypatch.setenv(name, "worker-0")

    assert loader.load().listen_port == 7361


def test_wrong_settings_end_the_process_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FANZHA_WORKERS", "none")

    with pytest.raises(SystemExit) as ended:
        loader.load_or_exit()

    assert ended.value.code == 2
    assert "workers" in capsys.readouterr().err


def test_settings_cannot_be_changed() -> None:
    settings = loader.load()

    with pytest.raises(ValidationError, match="frozen"):
        settings.__setattr__("workers", 3)


def test_the_settings_page_is_current() -> None:
    page = (CHECKOUT / "docs/reference/settings.md").read_text()

    assert page == loader.page()
