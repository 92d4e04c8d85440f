"""The audit log whole: commands, gRPC, the log on disk, its copies in the store."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from zipfile import ZipFile

import pytest
import redis

from fanzha.client import channels
from fanzha.v1 import audit_pb2 as pb
from fanzha.v1 import audit_pb2_grpc
from infra.port_binding import SharedPort
from services.audit.checkpoint_copies import STREAM
from tests.support.audit_logs import lines_of, write_lines
from tests.support.processes import eventually, role, run, serves

LISTED = "+8617000000001"


class Office:
    """List administration in a folder, and the commands that ask it."""

    def __init__(self, folder: Path, redis_url: str, port: int) -> None:
        self.folder = folder
        self.redis_url = redis_url
        self.target = f"127.0.0.1:{port}"

    @property
    def log(self) -> Path:
        return self.folder / "audit"

    @property
    def file(self) -> Path:
        return max(self.log.glob("audit-*.jsonl"))

    @contextmanager
    def open(self, **settings: str) -> "Iterator[int]":
        port = self.target.split(":")[1]
        settings |= {"FANZHA_REDIS_URL": self.redis_url, "FANZHA_ADMIN_PORT": port}
        with role("admin", self.folder, **settings) as process:
            eventually(lambda: serves(self.target))
            yield process.pid

    def run(self, *arguments: str) -> "CompletedProcess[str]":
        return run(*arguments, FANZHA_ADMIN_TARGET=self.target)

    def verify(self, *arguments: str) -> "CompletedProcess[str]":
        return run("audit", "verify", str(self.log), *arguments)

    def verify_by_service(self, *arguments: str) -> "CompletedProcess[str]":
        return self.run("audit", "verify", *arguments)

    def add(self, pattern: str) -> None:
        done = self.run("blocklist", "add", pattern, "--source", "bureau", "--reason", "test",
                        "--by", "li")  # fmt: skip
        assert done.returncode != 3, done.stderr


@pytest.fixture
def office(tmp_path: Path, redis_url: str) -> Iterator[Office]:
    # Kept while nobody listens there, lest another process gets it.
    port = SharedPort("127.0.0.1", 0)
    yield Office(tmp_path, redis_url, port.number)
    port.close()


def test_refusals_and_exports_are_recorded_and_the_log_verifies(office: Office) -> None:
    with office.open():
        office.add("110")
        office.add(LISTED)
        office.run("blocklist", "export", "--format", "numbers")
        listed = json.loads(office.run("audit", "list", "--json", "--since", "1h").stdout)
        refused = office.run("audit", "list", "--kind", "refused", "--actor", "developer")
        tail = office.run("audit", "tail", "--count", "2", "--last", "50")
        head = json.loads(office.run("audit", "head", "--json").stdout)
        unknown = office.run("audit", "list", "--kind", "no_such")
        whole = office.verify_by_service()

    by_kind = {record["kind"]: record for record in listed}
    assert by_kind["refused"]["details"]["rows"] == "1"
    assert "110 is a protected number" in by_kind["refused"]["details"]["because_1"]
    assert by_kind["exported"]["subject"] == "lists:1"
    assert "protected number" in refused.stdout
    assert tail.stderr == "waiting for more; Ctrl-C ends\n"
    assert len(tail.stdout.splitlines()) == 2
    assert "checkpoint" in tail.stdout.splitlines()[0]
    assert head["hash"] == listed[0]["hash"]
    assert "is none of" in unknown.stderr
    assert whole.returncode == 0, whole.stdout
    assert "WHOLE" in whole.stdout
    assert "agree with the copies" in whole.stdout


def test_one_changed_byte_is_located(office: Office) -> None:
    with office.open():
        office.add("110")
    lines = lines_of(office.file)
    at = next(n for n, line in enumerate(lines) if b'"refused"' in line)
    lines[at] = lines[at].replace(b'"rows":"1"', b'"rows":"2"')
    write_lines(office.file, lines)

    found = office.verify()
    words = json.loads(office.verify("--json").stdout)

    assert found.returncode == 1
    place = f"{office.file.name}:{at + 1} (sequence {at + 1})"
    assert f"{place}: does not fit its own hash" in found.stdout
    assert [(one["line"], one["sequence"]) for one in words["problems"]] == [(at + 1, at + 1)]


def test_a_truncation_is_found_by_the_copied_checkpoints_and_at_the_next_start(
    office: Office,
) -> None:
    anchors = office.folder / "elsewhere"
    with office.open(FANZHA_AUDIT_ANCHOR_DIR=str(anchors)):
        office.add("110")
    write_lines(office.file, lines_of(office.file)[:2])

    alone = office.verify()
    anchored = office.verify("--anchors", str(anchors))
    with office.open():
        compared = office.verify_by_service()
        mended = json.loads(office.run("audit", "list", "--json", "--kind", "log_mended").stdout)

    assert alone.returncode == 0
    assert "the files alone do not show" in alone.stdout
    assert anchored.returncode == 1
    assert "the end of the log was cut off" in anchored.stdout
    assert compared.returncode == 1
    assert "is not the checkpoint of which a copy was kept" in compared.stdout
    assert mended[0]["details"]["missing_checkpoint"] == "3"


def test_files_are_verified_without_a_server_and_the_service_takes_no_key(office: Office) -> None:
    with office.open():
        office.add("110")
    key = str(office.log / "key.pub")

    assert office.verify().returncode == 0
    assert office.verify_by_service().returncode == 3
    refused = office.verify_by_service("--public-key", key)
    assert refused.returncode == 2
    assert "only with FILE or FOLDER" in refused.stderr


def test_the_log_continues_after_a_kill(office: Office) -> None:
    with office.open() as pid:
        office.add("110")
        os.kill(pid, signal.SIGKILL)
    with office.file.open("ab") as file:
        file.write(b'{"actor":')
    with office.open():
        office.add("110")
        whole = office.verify_by_service()

    assert whole.returncode == 0, whole.stdout
    assert sum(b'"refused"' in line for line in lines_of(office.file)) == 2
    assert sum(b'"log_mended"' in line for line in lines_of(office.file)) == 1


def test_checkpoints_are_copied_to_the_store_verbatim(office: Office) -> None:
    with office.open():
        office.add("110")

    with redis.Redis.from_url(office.redis_url, decode_responses=True) as client:
        copies = client.xrange(STREAM)

    lines = [line.decode() for line in lines_of(office.file)]
    assert copies
    assert all(fields["line"] in lines for _, fields in copies)


def test_paging_reaches_the_first_record_while_the_log_grows(office: Office) -> None:
    sequences: list[int] = []
    with office.open(), channels.blocking(office.target) as channel:
        stub = audit_pb2_grpc.AuditServiceStub(channel)
        for _ in range(3):
            office.add("110")
        request = pb.ListRecordsRequest(page_size=2)
        while True:
            answer = stub.ListRecords(request, timeout=30)
            sequences += [record.sequence for record in answer.records]
            request.page_token = answer.next_page_token
            if not request.page_token:
                break
            office.add("110")

    assert sequences == list(range(sequences[0], 0, -1))


def test_the_command_prints_the_lines_of_the_log_verbatim(office: Office, tmp_path: Path) -> None:
    with office.open():
        office.add("110")
        printed = office.run("audit", "list", "--lines").stdout

    copy = tmp_path / "copy" / office.file.name
    copy.parent.mkdir()
    copy.write_text(printed)
    key = office.log / "key.pub"
    assert run("audit", "verify", str(copy), "--public-key", str(key)).returncode == 0


def test_a_log_in_use_by_a_process_is_not_opened_by_another(office: Office) -> None:
    with office.open():
        second = run(
            "admin", FANZHA_REDIS_URL=office.redis_url, FANZHA_DATA_DIR=str(office.folder),
            FANZHA_ADMIN_PORT="0",
        )  # fmt: skip

    assert second.returncode == 2
    assert "another process has locked this audit log" in second.stderr.replace("\n", " ")


def test_evidence_about_a_number_is_exported_recorded_and_verified(
    office: Office, tmp_path: Path
) -> None:
    file, key = tmp_path / "evidence.zip", office.log / "key.pub"
    with office.open():
        office.add(LISTED)
        office.add("+8617000000002")
        office.run("blocklist", "remove", "--yes", LISTED, "--reason", "wrong", "--by", "wu")
        arguments = ("audit", "evidence", LISTED, "--reason", "request 7", "--by", "wang")
        other = str(file.with_name("other.zip"))
        office.run(*arguments, "--out", str(file.with_name("first.zip")))
        again = office.run(*arguments, "--out", str(file))
        nothing = office.run("audit", "evidence", "foo", "--reason", "x", "--out", other)
        refused = office.run("audit", "evidence", "??", "--reason", "x", "--out", other)
        exported = json.loads(office.run("audit", "list", "--json", "--kind", "exported").stdout)

    assert again.returncode == 0, again.stderr
    assert refused.returncode == 2
    assert "query" in refused.stderr
    assert nothing.returncode == 1
    assert "nothing is on record about 'foo'" in nothing.stderr
    assert list(tmp_path.glob("other.zip*")) == []
    whole = run("audit", "verify", str(file), "--public-key", str(key))
    assert whole.returncode == 0, whole.stdout
    assert "WHOLE" in whole.stdout
    assert exported[1]["details"]["about"] == "**********0001"
    assert exported[0]["details"]["result"] == "nothing"
    assert LISTED not in office.file.read_text()
    _check_sections(file)


def _check_sections(file: Path) -> None:
    with ZipFile(file) as opened:
        sections = {
            name: json.loads(opened.read(name))
            for name in opened.namelist()
            if name.endswith(".json") and name != "manifest.json"
        }
    changes = sections["changes.json"]["rows"]
    assert [change["reason"] for change in changes] == ["test", "wrong"]
    assert changes[0]["added"][0]["pattern"] == LISTED
    assert changes[1]["removed"][0]["pattern"] == LISTED
    assert sections["entries.json"]["rows"] == []
    requests = sections["requests.json"]["rows"]
    assert [one["author"] for one in requests] == ["wu", "li"]
    assert requests[1]["added"][0]["pattern"] == LISTED
    assert requests[0]["before"][0]["pattern"] == LISTED
    records = sections["audit.json"]["rows"]
    applied = [one["subject"] for one in records if one["kind"] == "change_applied"]
    assert applied == [requests[1]["request"], requests[0]["request"]]
    # The first export is recorded about the number, and so is this one.
    assert [one["actor"] for one in records if one["kind"] == "exported"] == ["wang", "wang"]


def test_changed_evidence_is_found(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "evidence.zip"
    with office.open():
        office.add(LISTED)
        office.run("audit", "evidence", LISTED, "--reason", "request 7", "--out", str(file))
    with ZipFile(file) as opened:
        contents = {name: opened.read(name) for name in opened.namelist()}
    contents["changes.json"] = contents["changes.json"].replace(b'"li"', b'"wu"')
    with ZipFile(file, "w") as opened:
        for name, data in contents.items():
            opened.writestr(name, data)

    found = run("audit", "verify", str(file))

    assert found.returncode == 1
    assert "changes.json: was changed" in found.stdout
