"""The wheel alone is a whole service: nothing of a checkout is missing in it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from fanzha.client import Client, Options, Text
from services.settings import loader
from tests.support.checkout import CHECKOUT
from tests.support.processes import PATIENCE_SECONDS, endpoints

DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()

# What the image copies before it builds the wheel.
COPIED = re.findall(r"^COPY ((?!--|requirements)[^\n]+) (?:\./|\w+)$", DOCKERFILE, re.MULTILINE)
SOURCES = [name for line in COPIED for name in line.split()]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build the wheel and unpack it, as pip does; return an environment that imports from there.

    In a copy: building compiles the kernels, which other tests have mapped.
    """
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    sources.mkdir()
    for name in SOURCES:
        if (CHECKOUT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "libfanzha.*")
            shutil.copytree(CHECKOUT / name, sources / name, ignore=ignored)
        else:
            shutil.copy(CHECKOUT / name, sources / name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=sources, check=True, timeout=PATIENCE_SECONDS, stdout=sys.stderr)
    shutil.rmtree(sources)
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    wheel.unlink()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FANZHA_")}
    return clean | {"PYTHONPATH": str(folder / "site")}


def test_a_service_from_a_wheel_decides_with_its_models(
    installed: dict[str, str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    told = {"FANZHA_DATA_DIR": str(data), "FANZHA_WORKERS": "1", **loader.free_ports()}
    with (data / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services", "up"],
            cwd=tmp_path,
            env=installed | told,
            stdin=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            places = endpoints(data, process)
            with Client(places["interception"], Options(timeout=PATIENCE_SECONDS)) as client:
                answer = client.decide_text(
                    Text(sender="+8617000000123", receiver="+8619900000001", body="Lunch at one?")
                )
            loaded = Path(f"/proc/{process.pid}/maps").read_text()
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(PATIENCE_SECONDS)

    assert (answer.failed_open, answer.error) == (False, "")
    assert answer.score is not None
    assert {"admin", "warning", "console", "metrics"} <= set(places)
    assert installed["PYTHONPATH"] in loaded
    assert str(CHECKOUT / "fanzha") not in loaded
    assert status == 0
