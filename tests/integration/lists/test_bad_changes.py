"""What anybody who reaches the store can write into it, and what the service then does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from fanzha.client import channels
from fanzha.v1 import decision_pb2
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc as pb_grpc
from tests.support.bad_changes import BAD, FORGED, GOOD, Fields, packed
from tests.support.processes import LEAN, NO_CASCADE, Running, eventually, fanzha_up

HEAD, CHANGES = "{fanzha:lists}:head", "{fanzha:lists}:changes"
LISTED, LATER = "+8617000000001", "+8617000000002"


def write(client: redis.Redis, fields: Fields, *, head: bool) -> int:
    """Write a record as a commit would, or without telling the head of it."""
    version = int(client.hget(HEAD, "version") or 0) + 1
    previous = client.hget(HEAD, "commit") or b""
    common: Fields = {"previous": previous, "commit": f"forged-{version}", "committed_at_ms": "5"}
    writing = client.pipeline()
    if head:
        writing.hset(HEAD, mapping={"version": version, "commit": f"forged-{version}"})
    writing.xadd(CHANGES, common | fields, id=f"{version}-0")  # type: ignore[arg-type]
    writing.execute()
    return version


def decide(service: Running, caller: str) -> int:
    request = pb.DecideCallRequest(call=pb.Call(caller=caller, callee="+8613900000000"))
    with channels.blocking(service.interception) as channel:
        stub = pb_grpc.InterceptionServiceStub(channel)
        return stub.DecideCall(request, timeout=30).decision.action


def blocks(service: Running, caller: str) -> bool:
    return decide(service, caller) == decision_pb2.ACTION_BLOCK


def add(service: Running, number: str) -> None:
    service.fanzha(
        "blocklist", "add", number, "--source", "bureau", "--reason", "weekly list",
        "--legal-basis", "order 1",
    )  # fmt: skip


def status(service: Running) -> "dict[str, Any]":
    found: dict[str, Any] = json.loads(service.fanzha("blocklist", "status", "--json").stdout)
    return found


def in_force(service: Running, version: int) -> bool:
    """Tell whether administration and a worker follow, and both have a version."""
    workers = status(service)["workers"]
    return bool(workers) and all(int(one["list_version"]) >= version for one in workers)


def findings(service: Running) -> "dict[int, tuple[str, bool]]":
    return {
        int(one["version"]): (
            one["kind"],
            one.get("skipped", False),
        )
        for one in status(service).get("findings", [])
    }


def store(service: Running) -> redis.Redis:
    return redis.Redis.from_url(service.redis_url)


def nobody_died(service: Running) -> bool:
    return service.process.poll() is None and "ended with" not in log(service)


def log(service: Running) -> str:
    return (service.folder / "up.log").read_text()


SETTINGS = NO_CASCADE  # with the process that warns


def test_no_bad_record_in_the_store_ends_a_process(tmp_path: Path) -> None:
    with fanzha_up(tmp_path, workers=1, **SETTINGS) as service:
        add(service, LISTED)
        eventually(lambda: blocks(service, LISTED))
        with store(service) as client:
            expected = {
                write(client, fields, head=True): "newer" if "unknown" in name else "unreadable"
                for name, fields in BAD.items()
            }
        eventually(lambda: in_force(service, max(expected)))

        add(service, LATER)  # what follows is applied
        eventually(lambda: blocks(service, LATER))

        assert blocks(service, LISTED)
        assert not blocks(service, FORGED)
        assert findings(service) == {version: (kind, True) for version, kind in expected.items()}
        assert nobody_died(service)
        output = service.fanzha("blocklist", "status")
        assert f"{len(BAD)} versions of the lists" in output.stderr
        shown = service.fanzha("blocklist", "quarantine", check=False)
        assert shown.returncode == 1
        assert shown.stdout.count("not applied") == len(BAD)
        newer = list(expected.values()).count("newer")
        eventually(lambda: gauge(service, "newer") == newer)
        assert gauge(service, "unreadable") == len(BAD) - newer
        eventually(lambda: audited(service, "bad_list_change") == len(BAD))

    with fanzha_up(tmp_path, workers=1, **SETTINGS) as service:  # and again at a start
        eventually(lambda: blocks(service, LISTED) and blocks(service, LATER))
        # Administration loads the lists at its own pace.
        eventually(lambda: findings(service).keys() == expected.keys())
        service.fanzha("blocklist", "settle", *map(str, expected), "--reason", "looked into")
        eventually(lambda: not findings(service))
        assert audited(service, "quarantine_settled") == len(BAD)
        eventually(lambda: gauge(service, "unreadable") == 0)
        assert blocks(service, LATER)
        assert nobody_died(service)


def gauge(service: Running, kind: str) -> float:
    """Return what the worker says on its page."""
    figures = re.findall(
        rf'^fanzha_list_findings{{.*kind="{kind}".*}} (.+)$', service.metrics_page(), re.MULTILINE
    )
    return sum(map(float, figures))


def audited(service: Running, kind: str) -> int:
    done = service.fanzha("audit", "list", "--json", "--kind", kind, "--limit", "1000")
    return len(json.loads(done.stdout))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve the tests after which the lists are whole again."""
    with fanzha_up(tmp_path_factory.mktemp("shared"), workers=1, **LEAN) as running:
        yield running


@pytest.mark.parametrize(
    ("name", "listed", "later"),
    [
        ("no fields", "+8617000000011", "+8617000000012"),
        ("bomb", "+8617000000021", "+8617000000022"),
        ("good", "+8617000000031", "+8617000000032"),
    ],
)
def test_uncommitted_records_are_quarantined(
    shared: Running, name: str, listed: str, later: str
) -> None:
    before = status(shared)
    version, strays = int(before["version"]), int(before.get("strays", 0))
    add(shared, listed)
    with store(shared) as client:
        write(client, (BAD | {"good": GOOD})[name], head=False)
        client.xadd(CHANGES, {"by": "hand"})  # under a time as its id, as people do
    eventually(lambda: int(status(shared).get("strays", 0)) == strays + 2)

    add(shared, later)
    eventually(lambda: blocks(shared, later))

    assert blocks(shared, listed)
    assert not blocks(shared, FORGED)
    assert findings(shared) == {}
    assert int(status(shared)["version"]) == version + 2
    assert nobody_died(shared)
    assert "somebody else writes to it" in shared.fanzha("blocklist", "status").stderr


@pytest.mark.parametrize("rule", ["apply", "refuse"])
def test_an_unaudited_change_is_reported(tmp_path: Path, rule: str) -> None:
    forged = GOOD | {"additions": packed(FORGED, "110", "agency.gov.cn")}
    settings = LEAN | {"FANZHA_UNAUDITED_CHANGES": rule}
    with fanzha_up(tmp_path, workers=1, **settings) as service:
        add(service, LISTED)
        with store(service) as client:
            version = write(client, forged, head=True)
        add(service, LATER)
        eventually(lambda: blocks(service, LATER))

        assert blocks(service, FORGED) is (rule == "apply")
        shown = service.fanzha("blocklist", "quarantine", check=False).stdout
        assert f"version {version}: unaudited, {'' if rule == 'apply' else 'not '}applied" in shown
        assert ("guarded, applied, 2 entries left out" in shown) is (rule == "apply")
        for protected in ("110", "agency.gov.cn"):
            found = service.fanzha("blocklist", "find", protected, "--json").stdout
            assert json.loads(found).get("entries", []) == []
        eventually(lambda: audited(service, "bad_list_change") >= 1)
        verified = service.fanzha("audit", "verify", str(tmp_path / "audit"), check=False).stdout
        assert "written past this log" in verified.replace("\n", " ")
        assert nobody_died(service)


def test_the_seal_of_another_change_is_not_accepted(tmp_path: Path) -> None:
    with fanzha_up(tmp_path, workers=1, **LEAN, FANZHA_UNAUDITED_CHANGES="refuse") as service:
        add(service, LISTED)
        with store(service) as client:
            [(_, sealed)] = client.xrange(CHANGES)
            write(client, GOOD | {"seal": sealed[b"seal"]}, head=True)
        add(service, LATER)
        eventually(lambda: blocks(service, LATER))

        assert not blocks(service, FORGED)
        assert findings(service) == {2: ("unaudited", True)}
