"""The clients in C++, Go and Java, built from the proto and run against a real service."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.adapters import LISTED_CALLER
from tests.support.checkout import CHECKOUT
from tests.support.external_servers import program
from tests.support.processes import LEAN, eventually, fanzha_up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CALLEE = "+8619900000001"
SECONDS = 600
NEEDED = {
    "g++": "g++", "pkg-config": "pkg-config", "protoc": "protobuf-compiler",
    "grpc_cpp_plugin": "protobuf-compiler-grpc libgrpc++-dev",
    "go": "golang-go golang-google-grpc-dev", "protoc-gen-go": "protoc-gen-go-1-5",
    "protoc-gen-go-grpc": "protoc-gen-go-grpc",
    "javac": "default-jdk-headless libgrpc-java libprotobuf-java",
    "grpc_java_plugin": "protobuf-compiler-grpc-java-plugin",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Built clients, and what they said about a listed caller."""

    folder: Path
    said: dict[str, str]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samples]:
    for name, package in NEEDED.items():
        program(name, package=package)
    folder = tmp_path_factory.mktemp("clients")
    with fanzha_up(tmp_path_factory.mktemp("service"), workers=1, **LEAN) as service:
        service.fanzha("blocklist", "add", LISTED_CALLER, "--source", "province", "--reason", "x")
        check = ("check", "call", "--from", LISTED_CALLER, "--to", CALLEE)
        eventually(lambda: "blocklisted" in service.fanzha(*check, check=False).stdout)
        script = CHECKOUT / "examples" / "clients" / "build.sh"
        # A busy machine must not look like an absent service.
        asked = [service.interception, LISTED_CALLER, CALLEE, "60000"]
        built = subprocess.run(
            ["/bin/sh", str(script), str(folder), *asked],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert built.returncode == 0, built.stderr[-4000:]
        said = dict(re.findall(r"^(C\+\+|Go|Java)\n(.*)$", built.stdout, re.MULTILINE))
        yield Samples(folder=folder, said=said)


def test_each_blocks_a_listed_caller(samples: Samples) -> None:
    assert samples.said == {"C++": "block", "Go": "block", "Java": "block"}


@pytest.mark.parametrize("language", ["cpp", "go"])
def test_without_a_service_the_phone_rings(samples: Samples, language: str) -> None:
    client = samples.folder / language / "may_ring"
    asked = [str(client), "127.0.0.1:1", LISTED_CALLER, CALLEE]

    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout == "ring\n"
