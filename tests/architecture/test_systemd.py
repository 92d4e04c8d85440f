"""Units of systemd start commands that exist, and give them no more than they need."""

from pathlib import Path

import pytest

from services.__main__ import COMMANDS
from tests.support.checkout import CHECKOUT

FILES = sorted((CHECKOUT / "deploy" / "systemd").glob("*.service"))
NEEDED = {
    "CapabilityBoundingSet": "",
    "LimitCORE": "0",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "ProtectHome": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectSystem": "strict",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "StateDirectoryMode": "0700",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}


def settings_of(file: Path) -> list[tuple[str, str]]:
    lines = [line.strip() for line in file.read_text().splitlines()]
    pairs = [line.partition("=") for line in lines if line and line[0] not in "#["]
    return [(name, value) for name, _, value in pairs]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_unit_is_confined(file: Path) -> None:
    found = dict(settings_of(file))

    assert {name: found.get(name) for name in NEEDED} == NEEDED
    assert found["User"] == found["Group"] == "fanzha"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_unit_starts_a_command_of_ours_in_its_own_folder(file: Path) -> None:
    found = settings_of(file)
    values = dict(found)
    program, command = values["ExecStart"].split()
    environment = dict(value.split("=", 1) for name, value in found if name == "Environment")

    assert program == "/opt/fanzha/bin/fanzha"
    # The template is told its role when it is started; its first lines name all there are.
    assert command in COMMANDS or command == "%i"
    assert environment["FANZHA_DATA_DIR"] == f"/var/lib/{values['StateDirectory']}"


def test_the_roles_that_the_template_names_exist() -> None:
    (template,) = (file for file in FILES if "@" in file.name)
    line = next(line for line in template.read_text().splitlines() if "enable" in line)

    roles = [word.removeprefix("fanzha@") for word in line.split() if "fanzha@" in word]

    assert len(roles) == 4
    assert set(roles) <= set(COMMANDS)
