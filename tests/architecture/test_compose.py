"""Compose files name commands and services that exist."""

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from integrations.__main__ import ADAPTERS
from services.__main__ import COMMANDS
from tests.support.checkout import CHECKOUT

FILES = sorted((CHECKOUT / "deploy" / "compose").glob("*.yml"))


def services_of(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text())["services"]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_command_of_ours_exists(file: Path) -> None:
    known = {"fanzha": set(COMMANDS), "fanzha-adapter": set(ADAPTERS)}
    commands = [one["command"] for one in services_of(file).values() if "command" in one]
    ours = [command for command in commands if command[0] in known]

    assert ours
    assert [command for command in ours if command[1] not in known[command[0]]] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_service_that_is_waited_for_is_there(file: Path) -> None:
    found = services_of(file)
    waited = {name for one in found.values() for name in one.get("depends_on", ())}

    assert waited <= set(found)
