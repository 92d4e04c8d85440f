"""Compose files name commands and services that exist, and run ours without needless rights."""

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from integrations.__main__ import ADAPTERS
from services.__main__ import COMMANDS
from tests.support.checkout import CHECKOUT

FOLDER = CHECKOUT / "deploy" / "compose"
COMMON = FOLDER / "fanzha.yml"
FILES = sorted(path for path in FOLDER.glob("*.yml") if path != COMMON)


def services_of(file: Path) -> dict[str, Any]:
    """Return the services of a file, each over the one that it extends."""
    found: dict[str, Any] = yaml.safe_load(file.read_text())["services"]
    return {name: extended(one) for name, one in found.items()}


def extended(service: dict[str, Any]) -> dict[str, Any]:
    if "extends" not in service:
        return service
    base = services_of(FOLDER / service["extends"]["file"])[service["extends"]["service"]]
    environment = {**base.get("environment", {}), **service.get("environment", {})}
    volumes = [*base.get("volumes", ()), *service.get("volumes", ())]
    return {**base, **service, "environment": environment, "volumes": volumes}


def ours(file: Path) -> dict[str, Any]:
    return {
        name: one for name, one in services_of(file).items() if "../.." in str(one.get("build"))
    }


def sources(service: dict[str, Any]) -> set[str]:
    """Return the names of the volumes of a service."""
    mounts = service.get("volumes", ())
    return {one["source"] if isinstance(one, dict) else one.split(":")[0] for one in mounts}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_command_of_ours_exists(file: Path) -> None:
    # The entry point of the image is `fanzha`.
    known = {"fanzha": set(COMMANDS), "fanzha-adapter": set(ADAPTERS)}
    found = {
        name: (one.get("entrypoint", ["fanzha"])[0], one["command"][0])
        for name, one in ours(file).items()
        if name != "identities"
    }

    assert len(found) > 1
    assert [one for one in found.values() if one[1] not in known[one[0]]] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_service_that_is_waited_for_is_there(file: Path) -> None:
    found = services_of(file)
    waited = {name for one in found.values() for name in one.get("depends_on", ())}

    assert waited <= set(found)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_our_containers_have_no_rights_that_they_do_not_need(file: Path) -> None:
    for one in ours(file).values():
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert not {"user", "privileged", "pid", "ipc"} & set(one)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_volumes_are_declared(file: Path) -> None:
    named = {name for one in ours(file).values() for name in sources(one)}

    declared = set(yaml.safe_load(file.read_text())["volumes"])

    assert {name for name in named if not name.startswith((".", "/"))} <= declared


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_only_the_first_container_sees_the_keys_of_the_authority(file: Path) -> None:
    for name, one in ours(file).items():
        subpaths = [
            mount["volume"]["subpath"]
            for mount in one.get("volumes", ())
            if isinstance(mount, dict) and mount["source"] == "identities"
        ]
        expected = {"identities": [], "fanzha": ["server"]}.get(name, ["adapter"])
        assert subpaths == expected
