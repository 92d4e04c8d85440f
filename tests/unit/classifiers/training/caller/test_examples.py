"""A site's examples among the subscribers of the caller model."""

from pathlib import Path

import numpy as np
import pytest

from classifiers.caller.classifier import TABLE_COLUMNS
from classifiers.training.caller import examples
from classifiers.training.examples import NO_CONTENT, ExampleError
from classifiers.training.examples_split import ECHO
from fanzha.tables import CallerActivity, Float32s
from tests.unit.classifiers.training.test_examples import a_file, a_row


def a_caller(number: int, **fields: object) -> dict[str, object]:
    counters = {name: number + place for place, name in enumerate(TABLE_COLUMNS)}
    sender = f"+8617000000{number:03}"
    row = a_row(sender=sender, group=f"g{number}", decision_id=number + 1)
    return {**row, **counters, **fields}


def test_callers_with_counters_are_learned_from_and_measured(tmp_path: Path) -> None:
    rows = [a_caller(n, label="nonfraud", outcome="false_alarm") for n in range(10)]
    rows += [a_caller(n) for n in range(10, 40)]

    found = examples.read([a_file(tmp_path, *rows)])

    def score(activity: CallerActivity) -> Float32s:
        return np.ones(len(activity), np.float32)

    assert len(found.taught) + len(found.measured) == 40
    assert len(found.taught) > len(found.measured) > 0
    assert found.taught.frauds.sum() + found.measured.frauds.sum() == 30
    assert sum(int(str(one["blocked"])) for one in found.blocked(score, 0.5)) == len(found.measured)
    both = found.beside(found.measured)
    assert len(both) == 40
    assert both.frauds.tolist() == [*found.measured.frauds, *found.taught.frauds]


def test_a_caller_of_two_campaigns_is_one_row_on_one_side(tmp_path: Path) -> None:
    person = "+8617000000001"
    rows = [a_caller(n, sender=person) for n in range(20)]

    found = examples.read([a_file(tmp_path, *rows)])

    assert (len(found.taught), len(found.measured)) == (1, 0)
    assert found.site.about["left_out"] == {ECHO: 19}


def test_callers_that_are_not_named_are_left_out(tmp_path: Path) -> None:
    found = examples.read([a_file(tmp_path, a_caller(1), a_caller(2, sender=""))])

    assert found.site.about["left_out"] == {NO_CONTENT: 1}


def test_a_file_as_the_export_writes_it_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ExampleError) as refused:
        examples.read([a_file(tmp_path, a_row(sender="+8617000000001"))])

    message = str(refused.value)
    assert (
        "row 1: opposite_count: there is no such column: how callers behaved is not logged"
        in message
    )
    assert ", ".join(TABLE_COLUMNS) in message


@pytest.mark.parametrize("cell", ["many", "-1", "nan", "inf"])
def test_an_invalid_counter_is_refused_with_its_row(cell: str, tmp_path: Path) -> None:
    path = a_file(tmp_path, a_caller(1), a_caller(2, sms_count=cell))

    with pytest.raises(ExampleError, match="row 2: sms_count: a number from 0 on, or empty, not"):
        examples.read([path])


def test_an_empty_counter_is_not_known(tmp_path: Path) -> None:
    found = examples.read([a_file(tmp_path, a_caller(1, call_dur_mean=""))])

    assert found.beside(found.measured).activity.connected_calls.tolist() == [0]
