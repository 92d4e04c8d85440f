"""The roles one by one, as a cluster runs them, and a host whose store is away."""

import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2

from fanzha.client import channels
from fanzha.v1 import decision_pb2, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from infra.port_binding import SharedPort
from tests.support.processes import LEAN, endpoints, eventually, health, role, run, serves
from tests.support.reserved_ports import reserved_port

NOBODY = "redis://127.0.0.1:1/0"
LISTED = "+8617000000001"
BLOCKED = decision_pb2.ACTION_BLOCK


def decide(target: str, caller: str = LISTED) -> decision_pb2.Decision:
    with channels.blocking(target) as channel:
        stub = interception_pb2_grpc.InterceptionServiceStub(channel)
        call = pb.Call(caller=caller, callee="+8619900000001")
        return stub.DecideCall(pb.DecideCallRequest(call=call), timeout=30).decision


def blocks(target: str) -> bool:
    return decide(target).action == BLOCKED


@pytest.fixture
def port() -> Iterator[int]:
    # Kept while nobody listens there, lest another process gets it.
    reserved = SharedPort("127.0.0.1", 0)
    yield reserved.number
    reserved.close()


def test_hosts_and_administration_share_lists_through_redis_and_a_host_restarts_without_it(
    tmp_path: Path, redis_url: str, port: int
) -> None:
    host, office = tmp_path / "host", tmp_path / "office"
    host.mkdir()
    office.mkdir()
    admin = f"127.0.0.1:{port}"

    with (
        role("admin", office, FANZHA_REDIS_URL=redis_url, FANZHA_ADMIN_PORT=str(port)),
        role("serve", host, FANZHA_REDIS_URL=redis_url, FANZHA_WORKERS="1", **LEAN) as parent,
    ):
        target = endpoints(host, parent)["interception"]
        eventually(lambda: serves(admin))
        run("blocklist", "add", LISTED, "--action", "block", "--source", "bureau", "--reason",
            "test", "--by", "li", "--target", admin)  # fmt: skip
        eventually(lambda: blocks(target))

    with role("serve", host, FANZHA_REDIS_URL=NOBODY, FANZHA_WORKERS="1", **LEAN) as parent:
        decision = decide(endpoints(host, parent)["interception"])

    assert decision.action == BLOCKED
    assert decision.list_version == 1


def test_a_damaged_list_file_is_not_used(tmp_path: Path, redis_url: str) -> None:
    with role("serve", tmp_path, FANZHA_REDIS_URL=redis_url, FANZHA_WORKERS="1", **LEAN) as parent:
        endpoints(tmp_path, parent)
    for file in (tmp_path / "lists").glob("*.lists"):
        damaged = bytearray(file.read_bytes())
        damaged[-1] ^= 1
        file.write_bytes(damaged)
    # A host refuses a port that somebody else holds.
    port = reserved_port()

    with role(
        "serve", tmp_path, FANZHA_REDIS_URL=NOBODY, FANZHA_WORKERS="1",
        FANZHA_LISTEN_PORT=str(port), **LEAN,
    ):  # fmt: skip
        target = f"127.0.0.1:{port}"
        eventually(lambda: answers(target))

        assert health(target) == health_pb2.HealthCheckResponse.NOT_SERVING


def answers(target: str) -> bool:
    try:
        health(target)
    except grpc.RpcError:
        return False
    return True


@pytest.mark.parametrize("name", ["serve", "admin"])
def test_a_process_role_without_a_store_names_the_missing_setting(
    name: str, tmp_path: Path
) -> None:
    done = run(name, FANZHA_DATA_DIR=str(tmp_path))

    assert done.returncode == 2
    assert "FANZHA_REDIS_URL" in done.stderr


def test_all_wrong_settings_are_named_in_one_message() -> None:
    done = run("up", FANZHA_WORKERS="0", FANZHA_LISTEN_PORT="99999", FANZHA_WORKER="1")

    assert done.returncode == 2
    for name in ("FANZHA_WORKERS", "FANZHA_LISTEN_PORT", "FANZHA_WORKER:"):
        assert name in done.stderr


def test_local_decisions_need_no_server(tmp_path: Path) -> None:
    done = run(
        "check", "call", "--from", LISTED, "--to", "110", "--local", "--json",
        FANZHA_DATA_DIR=str(tmp_path),
    )  # fmt: skip

    assert json.loads(done.stdout)["reason"] == "protected"


def test_an_unreachable_server_is_reported_in_one_sentence() -> None:
    done = run("check", "url", "x.example", "--target", "127.0.0.1:1")

    assert done.returncode == 3
    assert "no answer from 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_group_prints_its_usage() -> None:
    for arguments in ([], ["check"], ["replay"], ["score"], ["blocklist"], ["hits"]):
        done = run(*arguments, "--help")

        assert done.returncode == 0
        assert "Usage" in done.stdout
