"""Findings about versions of the lists, as list files keep them."""

import json
from typing import Any

import pytest

from blocklists.column_checks import BadColumns
from blocklists.snapshot import findings
from blocklists.snapshot.findings import Finding, FindingKind
from fanzha.translation.message import Message, localized


def finding(why: str) -> Finding:
    return Finding(version=7, kind=FindingKind.UNREADABLE, why=why, skipped=True)


def kept(one: Finding) -> Finding:
    [read] = findings.read(json.loads(json.dumps([one.written()])))
    return read


def test_a_reason_is_kept_so_that_it_can_be_said_in_chinese() -> None:
    why = Message("it names more than {most} chunks", most=9)

    read = kept(finding(why))

    assert read == finding("it names more than 9 chunks")
    assert localized(read.why, "zh") == "它列出的分块超过 9 个"


def test_a_reason_of_an_earlier_release_is_a_text() -> None:
    assert kept(finding("checksum is wrong")).why == "checksum is wrong"


@pytest.mark.parametrize(
    "why",
    [
        7,
        None,
        [],
        {},
        {"message": "x"},
        {"message": "{a.b}", "values": {"a": 1}},
        {"message": "{a[b]}", "values": {"a": "text"}},
        {"message": 7, "values": {}},
        {"message": "{b} is missing", "values": {"a": 1}},
        {"message": "{", "values": {"a": 1}},
        {"message": "x", "values": []},
        {"message": "{a:999999999}", "values": {"a": 1}},
        "x" * 301,
    ],
)
def test_a_forged_reason_is_refused(why: Any) -> None:
    written = [[7, "unreadable", why, 0, True]]

    with pytest.raises(BadColumns):
        findings.read(written)
