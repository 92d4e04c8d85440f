import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.client import CallEnd
from integrations.sip.call_ends.record import CallEndReader, MalformedRecord

JSON_LINES = CallEndReader(is_csv=False, names={})
ASTERISK = CallEndReader(
    is_csv=True,
    names={"caller": "src", "callee": "dst", "ended_at": "end", "answered": "disposition",
           "seconds": "billsec"},
    columns=("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp",
             "lastdata", "start", "answer", "end", "duration", "billsec", "disposition"),
)  # fmt: skip


def test_a_line_of_our_configuration_of_kamailio_is_read() -> None:
    line = (
        '{"caller":"+8617000000911","callee":"+8619900000001","ended_at":1795998023,'
        '"answered":true,"seconds":61}'
    )

    assert JSON_LINES.read(line) == CallEnd(
        caller="+8617000000911",
        callee="+8619900000001",
        ended_at_ms=1_795_998_023_000,
        answered=True,
        duration_ms=61_000,
    )


def test_a_line_of_asterisk_is_read() -> None:
    line = (
        '"","17000000911","19900000001","internal","""A, B"" <17000000911>","PJSIP/a","PJSIP/b",'
        '"Dial","PJSIP/b","2026-11-30 08:00:00+08:00","2026-11-30 08:00:05+08:00",'
        '"2026-11-30 08:01:00+08:00","60","55","ANSWERED"'
    )

    found = ASTERISK.read(line)

    assert (found.caller, found.callee) == ("17000000911", "19900000001")
    assert (found.answered, found.duration_ms) == (True, 55_000)
    assert found.ended_at_ms == 1_795_996_860_000


@pytest.mark.parametrize(
    ("line", "answered", "duration_ms"),
    [
        ('{"caller":"1","callee":"2"}', False, 0),
        ('{"caller":"1","callee":"2","seconds":2.5}', True, 2500),
        ('{"caller":"1","callee":"2","answered":"NO ANSWER","seconds":30}', False, 0),
        ('{"caller":1700,"callee":2,"answered":1,"seconds":"3"}', True, 3000),
    ],
)
def test_what_is_missing_is_concluded(line: str, answered: bool, duration_ms: int) -> None:
    found = JSON_LINES.read(line)

    assert (found.answered, found.duration_ms, found.ended_at_ms) == (answered, duration_ms, 0)


def test_times_are_seconds_milliseconds_or_iso_8601() -> None:
    times = ("1795998023", "1795998023000", '"1795998023.0"', '"2026-11-30T00:20:23Z"')
    lines = [f'{{"caller":"1","callee":"2","ended_at":{time}}}' for time in times]

    assert {JSON_LINES.read(line).ended_at_ms for line in lines} == {1_795_998_023_000}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "nonsense",
        '{"caller":"1"}',
        '{"caller":"","callee":"2"}',
        '{"caller":true,"callee":"2"}',
        '{"caller":{"a":1},"callee":"2"}',
        '{"caller":"1","callee":"2","seconds":-1}',
        '{"caller":"1","callee":"2","seconds":1e300}',
        '{"caller":"1","callee":"2","seconds":NaN}',
        '{"caller":"1","callee":"2","seconds":[]}',
        '{"caller":"1","callee":"2","ended_at":"yesterday"}',
        '{"caller":"1","callee":"2","ended_at":1e18}',
        '{"caller":"1","callee":"2","ended_at":[1]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_record_is_malformed(line: str) -> None:
    with pytest.raises(MalformedRecord):
        JSON_LINES.read(line)


@given(st.text())
def test_no_text_raises_anything_else(line: str) -> None:
    for reader in (JSON_LINES, ASTERISK):
        try:
            reader.read(line)
        except MalformedRecord as error:
            assert error.args  # noqa: PT017 - either is fine
