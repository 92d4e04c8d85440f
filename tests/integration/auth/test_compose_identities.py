"""What the compose files set makes a service that speaks TLS, and knows its adapters."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from fanzha.client import Call, Client, Login, Options
from services.auth import exposure
from services.settings import loader
from tests.support.checkout import CHECKOUT
from tests.support.processes import LEAN, PATIENCE_SECONDS, fanzha_up

SERVICES = yaml.safe_load((CHECKOUT / "deploy/compose/fanzha.yml").read_text())["services"]
ENV = re.compile(r"(FANZHA_\w+)=(\S+)")


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the identities by the command of the first container, in a folder instead of /data."""
    folder = tmp_path_factory.mktemp("identities")
    for _ in range(2):  # the second start finds them, and leaves them as they are
        (script,) = SERVICES["identities"]["command"]
        shell = [*SERVICES["identities"]["entrypoint"], script.replace("$$", "$")]
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        subprocess.run(shell, cwd=folder, env={"PATH": path}, check=True, timeout=PATIENCE_SECONDS)
    return folder


def environment_of(service: str, folder: Path) -> dict[str, str]:
    values: dict[str, Any] = SERVICES[service]["environment"]
    return {name: value.replace("/identities/", f"{folder}/", 1) for name, value in values.items()}


def test_an_adapter_asks_by_its_certificate_and_nobody_asks_without(
    volume: Path, tmp_path: Path
) -> None:
    told = environment_of("fanzha", volume / "server")
    adapter = environment_of("adapter", volume / "adapter")
    login = Login(
        ca=adapter["FANZHA_TLS_CA"],
        certificate=adapter["FANZHA_TLS_CLIENT_CERTIFICATE"],
        key=adapter["FANZHA_TLS_CLIENT_KEY"],
    )
    call = Call(caller="+8617000000123", callee="+8619900000001")

    with fanzha_up(tmp_path, workers=1, **LEAN, **told) as service:
        patient, stranger = Options(timeout=60), Login(ca=adapter["FANZHA_TLS_CA"])
        with Client(service.interception, patient, login=login) as client:
            known = client.decide_call(call)
        with Client(service.interception, Options(timeout=5), login=stranger) as client:
            unknown = client.decide_call(call)

    assert (known.failed_open, known.error) == (False, "")
    assert unknown.failed_open


def test_the_image_listens_to_others_only_with_these_settings(
    volume: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = dict(ENV.findall((CHECKOUT / "Dockerfile").read_text()))
    for name, value in image.items():
        monkeypatch.setenv(name, value)
    bare = loader.load()
    for name, value in environment_of("fanzha", volume / "server").items():
        monkeypatch.setenv(name, value)
    told = loader.load()

    assert bare.listen_host == told.listen_host == "0.0.0.0"
    for check in (exposure.check_decisions, exposure.check_metrics):
        with pytest.raises(ValueError, match="not loopback"):
            check(bare)
        check(told)


def test_no_container_but_the_first_holds_the_key_of_the_authority(volume: Path) -> None:
    shared = [path for name in ("server", "adapter") for path in (volume / name).iterdir()]
    authority = (volume / "authority/private/ca.key").read_bytes()

    assert {path.name for path in (volume / "adapter").iterdir()} == {
        *("ca.pem", "client.pem", "client.key"),
    }
    assert authority not in [path.read_bytes() for path in shared]
    keys = [path for path in shared if path.suffix == ".key"]
    assert [path.name for path in keys if path.stat().st_mode & 0o77] == []
