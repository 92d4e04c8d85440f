"""`fanzha models sign` and `verify`, on bundles in a folder."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from classifiers.card import CARD
from services.cli.models.commands import app
from tests.support.model_bundles import a_bundle, edit_card


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return a_bundle(tmp_path / "models", "url", "5")


def test_a_bundle_is_signed_with_a_new_key_and_verified(bundle: Path, tmp_path: Path) -> None:
    key = tmp_path / "model-keys"

    signed = CliRunner().invoke(app, ["sign", str(bundle), "--key", str(key)])
    found = CliRunner().invoke(app, ["verify", str(bundle), "--public-key", f"{key}.pub", "--json"])

    assert (signed.exit_code, found.exit_code) == (0, 0)
    assert json.loads(found.stdout)["signed_by"][str(bundle)] in signed.stdout
    assert key.stat().st_mode & 0o077 == 0


def test_a_bundle_that_was_changed_or_not_signed_ends_with_1(bundle: Path, tmp_path: Path) -> None:
    key, other = tmp_path / "model-keys", a_bundle(tmp_path / "models", "url", "6")
    CliRunner().invoke(app, ["sign", str(bundle), "--key", str(key)])
    edit_card(bundle, "date", '"2026-01-01"')

    found = CliRunner().invoke(
        app, ["verify", str(bundle), str(other), "--public-key", f"{key}.pub"]
    )

    assert found.exit_code == 1
    shown = " ".join(found.stdout.split())
    assert "card.toml is not the file that was signed" in shown
    assert "is not signed" in shown


def test_a_folder_without_a_card_is_not_signed(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["sign", str(tmp_path), "--key", str(tmp_path / "key")])

    assert found.exit_code == 2
    assert CARD in found.stderr
