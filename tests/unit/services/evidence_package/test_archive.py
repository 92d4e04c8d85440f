"""A dossier as a file: whole as it was made, and found out when it was changed."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fanzha.phone import HomePlan
from services.audit import keys, log_files
from services.evidence_package import archive, chain_proof, subjects
from services.evidence_package.sections import PackageRequest, Section
from services.evidence_package.verifier import check
from tests.support.audit_logs import a_log, public_keys
from tests.support.builders import NINE_O_CLOCK_MS
from tests.support.damaged_inputs import changed as changed_json
from tests.support.damaged_inputs import damaged_bytes
from tests.support.external_servers import program

SUBJECT = subjects.read("+8617000000123", HomePlan())
EVIL = '<script>alert("x")</script>'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    a_log(tmp_path / "log", [9], within=4)
    return tmp_path / "log"


@pytest.fixture
def dossier(tmp_path: Path, log: Path) -> Path:
    newest = log_files.files(log)[-1]
    cutting = chain_proof.cut_out(
        log, ["change:2", "change:7"], until=(newest.name, newest.stat().st_size)
    )
    section = Section(
        name="entries",
        titles=("现有名单条目", "Entries in the lists now"),
        rows=[{"pattern": SUBJECT.pattern, "reason": EVIL, "removed": [{"kind": "number"}]}],
        notes=["lists at version 7"],
    )
    request = PackageRequest(
        by="wang", reason="request 2026-114", made_at_ms=NINE_O_CLOCK_MS, sequence=12, head="ab"
    )
    path = tmp_path / "evidence.zip"
    with path.open("wb") as file:
        archive.write(
            file, SUBJECT, request, [section], cutting=cutting, key=keys.open_key(log / "key")
        )
    return path


def changed(dossier: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with ZipFile(dossier) as old:
        contents = {name: old.read(name) for name in old.namelist()}
    change(contents)
    path = dossier.with_name("changed.zip")
    with ZipFile(path, "w") as new:
        for name, data in contents.items():
            new.writestr(name, data)
    return path


def test_an_untouched_package_is_intact(dossier: Path, log: Path) -> None:
    checked = check(dossier, public_keys(log))

    assert checked.problems == []
    assert checked.records == 2
    assert checked.manifest["subject"] == "+8617000000123"
    assert not checked.own_key


def test_unpacked_files_are_private(dossier: Path) -> None:
    with ZipFile(dossier) as opened:
        modes = {entry.external_attr >> 16 & 0o777 for entry in opened.infolist()}

    assert modes == {0o600}


def test_without_a_key_the_enclosed_one_is_used_and_reported(dossier: Path) -> None:
    checked = check(dossier, None)

    assert checked.good
    assert checked.own_key
    assert checked.key_id == checked.manifest["key_id"]


@pytest.mark.parametrize(
    "name",
    ["entries.json", "audit.json", "audit-chain.jsonl", "evidence.html", "manifest.json",
     "manifest.sig", "public_key.pem"],
)  # fmt: skip
def test_a_changed_file_is_named(dossier: Path, log: Path, name: str) -> None:
    def change(contents: dict[str, bytes]) -> None:
        data = bytearray(contents[name])
        data[len(data) // 2] ^= 1
        contents[name] = bytes(data)

    problems = check(changed(dossier, change), public_keys(log)).problems

    assert any(name in problem or "manifest.json" in problem for problem in problems)


def test_added_and_removed_files_are_named(dossier: Path, log: Path) -> None:
    def change(contents: dict[str, bytes]) -> None:
        del contents["entries.json"]
        contents["more.json"] = b"{}"

    problems = check(changed(dossier, change), public_keys(log)).problems

    assert "more.json: is not in the manifest" in problems
    assert "entries.json: is missing" in problems


def test_a_package_signed_with_another_key_is_detected(dossier: Path, tmp_path: Path) -> None:
    a_log(tmp_path / "other", [1])

    problems = check(dossier, public_keys(tmp_path / "other")).problems

    assert any("signed with another key" in problem for problem in problems)


def test_the_key_of_somebody_else_is_found_out_beside_known_ones(
    dossier: Path, log: Path, tmp_path: Path
) -> None:
    other = keys.public_path(a_log(tmp_path / "other", [1])[0].with_name(keys.KEY_FILE))

    path = changed(dossier, lambda found: found.update({"public_key.pem": other.read_bytes()}))

    assert check(path, public_keys(log)).problems == [
        "public_key.pem: is not the key that the manifest was signed with"
    ]


def test_every_byte_of_the_enclosed_key_counts_beside_known_ones(dossier: Path, log: Path) -> None:
    whole = dossier.read_bytes()
    with ZipFile(dossier) as opened:
        start = opened.getinfo("public_key.pem").header_offset
    path = dossier.with_name("damaged.zip")

    for place in range(start + 30, opened.start_dir):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert not check(path, public_keys(log)).good or contents(path) == contents(dossier)


def test_an_unreadable_package_is_reported(dossier: Path, tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.zip"
    nonsense.write_bytes(dossier.read_bytes()[:200])

    assert "cannot be read" in check(nonsense, None).problems[0]


def test_the_page_is_in_both_languages_and_has_no_scripts(dossier: Path) -> None:
    with ZipFile(dossier) as opened:
        page = opened.read("evidence.html").decode()

    assert "现有名单条目" in page
    assert "Entries in the lists now" in page
    assert "request 2026-114" in page
    assert EVIL not in page
    assert "&lt;script&gt;" in page


def test_every_section_is_json_with_its_notes(dossier: Path) -> None:
    with ZipFile(dossier) as opened:
        section = json.loads(opened.read("entries.json"))

    assert section["notes"] == ["lists at version 7"]
    assert section["rows"][0]["pattern"] == "+8617000000123"


def test_openssl_verifies_the_manifest(dossier: Path, tmp_path: Path) -> None:
    openssl = program("openssl", package="openssl")
    with ZipFile(dossier) as opened:
        opened.extractall(tmp_path / "out")

    done = subprocess.run(
        [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "public_key.pem", "-rawin",
         "-in", "manifest.json", "-sigfile", "manifest.sig"],
        cwd=tmp_path / "out", capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "Signature Verified Successfully" in done.stdout


@given(st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_of_the_archive_is_reported(
    dossier: Path, log: Path, data: st.DataObject
) -> None:
    whole = dossier.read_bytes()
    damaged = data.draw(damaged_bytes(whole))
    path = dossier.with_name("damaged.zip")
    path.write_bytes(damaged)

    for known in (public_keys(log), None):
        checked = check(path, known)
        assert not checked.good or contents(path) == contents(dossier)


@given(st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_manifest_of_another_form_is_reported(dossier: Path, data: st.DataObject) -> None:
    with ZipFile(dossier) as package:
        manifest = json.loads(package.read("manifest.json"))
    written = json.dumps(data.draw(changed_json(manifest))).encode()

    path = changed(dossier, lambda found: found.update({"manifest.json": written}))

    assert not check(path, None).good or json.loads(written) == manifest


def contents(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}
