"""A line for each hit or record: names of others steer no terminal and begin no line."""

import json

import pytest

from fanzha.v1 import hit_pb2
from services.cli import hits
from services.cli.audit import display
from services.decision.sinks.hit_fields import HitField

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\nsecond"


@pytest.mark.parametrize("as_json", [False, True])
def test_a_hit_is_one_line_whatever_its_names_hold(
    capsys: pytest.CaptureFixture[str],
    as_json: bool,
) -> None:
    fields: dict[str, str] = {HitField.FROM_PARTY: HOSTILE, HitField.TO_PARTY: "+8619900000001"}

    hits._show(hit_pb2.TailHitsResponse(fields=fields), as_json)  # noqa: SLF001

    line = capsys.readouterr().out
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert "owned" in line
    if as_json:
        assert json.loads(line)["to_party"] == "+8619900000001"


def test_a_record_of_the_audit_log_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    display.write(f"7  {HOSTILE}")

    line = capsys.readouterr().out
    assert line[:-1].isprintable()
    assert line.startswith("7  ?]0;owned?")
