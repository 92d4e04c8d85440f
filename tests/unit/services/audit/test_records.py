import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.records import (
    FIRST_PREVIOUS,
    MAX_DETAILS,
    MAX_LINE_BYTES,
    MAX_VALUE_CHARACTERS,
    AuditEvent,
    DamagedAuditRecord,
    make_record,
    read,
)
from tests.support.audit_logs import an_event

events = st.builds(
    AuditEvent,
    time_ms=st.integers(0, 2**53 - 1),
    kind=st.text(max_size=20),
    actor=st.text(max_size=20),
    subject=st.text(max_size=40),
    details=st.dictionaries(st.text(max_size=8), st.text(max_size=40), max_size=5),
)


@given(events, st.integers(1, 2**50))
def test_a_record_is_read_as_it_was_written(event: AuditEvent, sequence: int) -> None:
    record = make_record(event, sequence, FIRST_PREVIOUS)

    assert read(record.line) == record


@given(events)
def test_a_line_is_what_sorted_json_without_spaces_is(event: AuditEvent) -> None:
    line = make_record(event, 1, FIRST_PREVIOUS).line

    assert line.decode() == json.dumps(
        json.loads(line), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    assert b"\n" not in line


def test_the_hash_is_what_the_page_says() -> None:
    record = make_record(an_event(), 7, "ab" * 32)
    content = (
        '{"actor":"li","details":{"reason":"三名受害人举报","rows":"3"},"kind":"change_applied",'
        f'"subject":"change:1","time_ms":{record.time_ms}}}'
    )

    hashed = f"fanzha-audit-1\n7\n{'ab' * 32}\n{sha256(content.encode()).hexdigest()}"

    assert record.hash == sha256(hashed.encode()).hexdigest()


def test_a_link_has_the_hash_of_its_record() -> None:
    record = make_record(an_event(), 7, "ab" * 32)

    assert record.link.hash == record.hash


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"sequence":1}',
        b"NaN",
    ],
)
def test_an_unreadable_line_is_damage(line: bytes) -> None:
    with pytest.raises(DamagedAuditRecord):
        read(line)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"sequence":7', b'"sequence":7.0'),
        (b'"sequence":7', b'"sequence":true'),
        (b'"sequence":7', b'"sequence":-7'),
        (b'"sequence":7', b'"sequence": 7'),
        (b'"actor":"li"', b'"actor":"\\u006ci"'),
        (b'"actor":"li"', b'"actor":"wu","actor":"li"'),
        (b'"actor":"li"', b'"actor":"wu"'),
        (b'"rows":"3"', b'"rows":3'),
        (b'"rows":"3"', b'"rows":"4"'),
        (b'"rows":"3"', b'"rowz":"3"'),
    ],
)
def test_another_way_to_write_it_or_another_value_is_damage(old: bytes, new: bytes) -> None:
    line = make_record(an_event(), 7, FIRST_PREVIOUS).line

    with pytest.raises(DamagedAuditRecord):
        read(line.replace(old, new))


def test_long_values_are_truncated_and_the_truncation_is_marked() -> None:
    record = make_record(an_event(details={"reason": "x" * 1500}), 1, FIRST_PREVIOUS)

    assert record.details["reason"] == "x" * MAX_VALUE_CHARACTERS + "… (+500 characters)"


def test_surplus_details_are_counted() -> None:
    many = {f"row_{number}": "x" for number in range(MAX_DETAILS + 10)}

    record = make_record(an_event(details=many), 1, FIRST_PREVIOUS)

    assert len(record.details) == MAX_DETAILS
    assert record.details["details_left_out"] == "11"


def test_the_longest_record_fits_in_a_line() -> None:
    longest = {f"{number:064}": "😀" * 2000 for number in range(100)}

    line = make_record(an_event("😀" * 2000, details=longest), 2**52, FIRST_PREVIOUS).line

    assert len(line) > MAX_LINE_BYTES // 2
    assert read(line).sequence == 2**52
