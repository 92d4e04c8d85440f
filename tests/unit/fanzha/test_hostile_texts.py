"""However a text is written, the steps of reading it are linear in its length."""

import json
import subprocess
import sys
from typing import Any

import pytest

from fanzha.hosts import listed_suffix
from tests.support.hostile_texts import FAMILIES, is_linear
from tests.support.step_counter import StepCounter, TooManySteps, rewritten


@pytest.fixture(scope="module")
def steps() -> dict[str, list[int]]:
    """Return the steps of each family, for texts of which each is twice as long as the last."""
    command = [sys.executable, "-m", "tests.support.hostile_texts"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(map(json.loads, done.stdout.splitlines()))


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("family", FAMILIES)
def test_reading_takes_steps_that_are_linear_in_the_length(
    family: str, steps: dict[str, list[int]]
) -> None:
    assert len(FAMILIES) > 36
    assert is_linear(steps[family]), steps[family]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("while text: text = text[1:]", id="a loop of slices"),
        pytest.param("while text: text = text.partition('.')[2]", id="a loop of copies"),
        pytest.param("[text.find('!') for each in text]", id="a search for each character"),
        pytest.param("[each for each in text if '!' in text]", id="an operator per character"),
        pytest.param("re.search(r'\\S*!', text)", id="a search from each character"),
        pytest.param("list(re.finditer(r'(?:a\\.)+!', text))", id="groups from each character"),
        pytest.param("re.compile(r'(?:[a.]+)+!').match(text)", id="exponential backtracking"),
        pytest.param("re.fullmatch(r'[a.]*[a.]*!', text)", id="two runs of the same characters"),
    ],
)
def test_quadratic_work_is_detected(body: str) -> None:
    assert not is_linear(steps_of(body))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("text.replace('a', 'b').split('.')", id="calls"),
        pytest.param("[each for each in text if each in 'abc']", id="a loop"),
        pytest.param("re.sub(r'(?<![a.])[a.]{1,60}!', '', text)", id="a bounded search"),
        pytest.param("re.findall(r'[a.]*+!?+', text)", id="a possessive run"),
    ],
)
def test_linear_work_passes_the_check(body: str) -> None:
    assert is_linear(steps_of(body))


def steps_of(body: str) -> list[int]:
    counter = StepCounter()
    scope: dict[str, Any] = {"_steps": counter}
    source = f"import re\ndef read(text):\n    {body}\n"
    exec(compile(rewritten(source, "<test>"), "<test>", "exec"), scope)  # noqa: S102
    found = []
    for length in (500, 1000, 2000):
        try:
            found.append(counter.count(scope["read"], "a." * (length // 2), 300 * length))
        except TooManySteps:
            return [*found, -1]
    return found


@pytest.mark.parametrize(
    ("host", "suffix"),
    [
        ("a." * 4000 + "com.cn", "com.cn"),
        ("a." * 4000 + "b.ck", "b.ck"),
        ("a." * 4000 + "www.ck", "ck"),
        ("a." * 4000 + "nowhere", ""),
        (
            "a." * 4000 + "s3.dualstack.us-east-1.amazonaws.com",
            "s3.dualstack.us-east-1.amazonaws.com",
        ),
    ],
)
def test_the_suffix_of_a_long_host_is_that_of_its_end(host: str, suffix: str) -> None:
    assert listed_suffix(host) == suffix
