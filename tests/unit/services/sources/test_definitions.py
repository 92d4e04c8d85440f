"""The file of sources: what is read, and that each mistake is named, all of them at once."""

from pathlib import Path

import pytest

from blocklists.entries import Source
from fanzha.errors import InvalidConfiguration
from services.sources import definitions
from services.sources.model import AfterPull, Brings, Connector

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJCS0dFCqlH1TJpN2VmxAOdX8m4C2dY0lTtF3N1wGH3X"
WHOLE = f"""
reporter_key_file = "reporter.key"

[sources.ministry]
kind = "https"
address = "https://lists.ministry.example/numbers.csv"
brings = "entries"
source = "ministry"
every = "15m"
expected_lag = "2h"
token_file = "token"
columns = {{ "涉案标识" = "number" }}

[sources.reports]
kind = "sftp"
address = "sftp://fanzha@drop.example:2022/out/reports"
brings = "reports"
source = "tech_company"
password_file = "token"
host_keys = ["{KEY}"]
files = "*.csv"
after = "move"
reporters = 5
"""


def file_of(folder: Path, text: str) -> Path:
    for name in ("token", "reporter.key"):
        secret = folder / name
        secret.touch(mode=0o600)
        secret.write_text("a-secret")
    file = folder / "sources.toml"
    file.write_text(text)
    return file


def problems(folder: Path, text: str) -> list[str]:
    _, found = definitions.check(file_of(folder, text))
    return [f"{one.source}: {one.why}" for one in found]


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    found = definitions.load(file_of(tmp_path, WHOLE))
    ministry, reports = found.sources.values()

    assert problems(tmp_path, WHOLE) == []
    assert (ministry.connector, ministry.brings) == (Connector.HTTPS, Brings.ENTRIES)
    assert (ministry.source, ministry.every_seconds) == (Source.MINISTRY, 900)
    assert (ministry.expected_lag_seconds, reports.expected_lag_seconds) == (7200, 10_800)
    assert ministry.secrets.token_file == tmp_path / "token"
    assert ministry.entries.columns == {"涉案标识": "number"}
    assert ministry.quality.most_shrink_percent == 50
    assert reports.quality.most_shrink_percent == 0, "files of a drop are no whole lists"
    assert (reports.drop.after, reports.reports.reporters) == (AfterPull.MOVE, 5)
    assert found.reporter_key_file == tmp_path / "reporter.key"


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        ('"https://lists', '"http://lists', "must begin with https://"),
        ("https://lists", "https://user:secret@lists", "no user, password"),
        ('every = "15m"', 'every = "1s"', "at least"),
        ('every = "15m"', "every = 15", "every: a text"),
        ('source = "ministry"', 'source = "police"', "one of ministry"),
        ('token_file = "token"', 'token_fle = "token"', "token_fle: there is no such field"),
        ('token_file = "token"', 'token_file = "nothing"', "nothing: "),
        (f'host_keys = ["{KEY}"]', "", "host_keys: required"),
        ("ssh-ed25519 AAAA", "SHA256:AAAA", "host_keys: a public key"),
        ('password_file = "token"', "", "either key_file or password_file"),
        ("reporters = 5", "reporters = 2", "reporters: a number from 3"),
        ("reporters = 5", 'schema = "other"', "schema: one of"),
        ("sftp://fanzha@drop", "sftp://fanzha:secret@drop", "no password"),
        ("/out/reports", "/out/../etc", "such as sftp://"),
        ('after = "move"', 'move_to = "../done"', "without /"),
        ("[sources.ministry]", '[sources."Mini stry"]', "a name of small letters"),
        ("[sources.ministry]", "[sources.ministry]\nnetworks = ['10.1.2.3/8']", "no network"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, right: str, wrong: str, why: str) -> None:
    assert right in WHOLE

    found = problems(tmp_path, WHOLE.replace(right, wrong))

    assert any(why in one for one in found), found


def test_all_mistakes_are_named_at_once_and_secrets_are_not_shown(tmp_path: Path) -> None:
    text = WHOLE.replace("every", "evry").replace("sftp://fanzha@", "sftp://fanzha:my-secret@")

    found = problems(tmp_path, text)

    assert {one.partition(":")[0] for one in found} == {"ministry", "reports"}
    assert not any("my-secret" in one for one in found)


def test_a_secret_that_others_may_read_is_a_problem_of_the_check_and_not_of_the_start(
    tmp_path: Path,
) -> None:
    file = file_of(tmp_path, WHOLE)
    (tmp_path / "token").chmod(0o640)

    _, found = definitions.check(file)

    assert len(found) == 2
    assert "chmod 600" in str(found[0].why)
    assert len(definitions.load(file).sources) == 2


@pytest.mark.parametrize("text", ["", "sources = 1", "[sources]", "x = [", "[sources.a]\n\x00"])
def test_a_file_without_sources_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidConfiguration):
        definitions.load(file_of(tmp_path, text))
