import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from services.telemetry import logging_setup


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def line_of(message: str, *values: object, **extra: Any) -> dict[str, Any]:
    stream = io.StringIO()
    logging_setup.configure(stream=stream)
    logging.getLogger("services.example").warning(message, *values, extra=extra)
    line: dict[str, Any] = json.loads(stream.getvalue())
    return line


def test_without_a_terminal_lines_are_json() -> None:
    line = line_of("lists changed", list_version=7)

    assert (line["event"], line["list_version"]) == ("lists changed", 7)
    assert (line["level"], line["logger"]) == ("warning", "services.example")
    assert line["timestamp"].endswith("Z")


def test_parties_are_masked() -> None:
    line = line_of("blocked", caller="+8617000000123", callee="110", sender="PointsBank")

    assert line["caller"] == "**********0123"
    assert line["callee"] == "110"
    assert line["sender"] == "******Bank"


def test_texts_are_dropped_and_links_lose_their_paths() -> None:
    line = line_of(
        "blocked",
        body="您的验证码是 123456",
        url="https://me:secret@points.example/a?token=1",
        links=["x.test/b", "http://y.test?u=http://z.test/c"],
    )

    assert line["body"] == "<13 characters>"
    assert line["url"] == "points.example"
    assert line["links"] == ["x.test", "y.test"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("caller +8617000000123 is new", "caller **********0123 is new"),
        ("caller 17000000123 is new", "caller *******0123 is new"),
        ("caller 008617000000123", "caller ***********0123"),
        ("GET http://points.example/a?t=1 failed", "GET http://points.example/… failed"),
        ("decision 7378697629483820646 confirmed", "decision 7378697629483820646 confirmed"),
        ("at 1767603600000 ms", "at 1767603600000 ms"),
    ],
)
def test_numbers_and_links_inside_messages_are_masked(written: str, read: str) -> None:
    assert line_of("%s", written)["event"] == read


def test_numbers_inside_tracebacks_are_masked() -> None:
    stream = io.StringIO()
    logging_setup.configure(stream=stream)
    try:
        int("+8617000000123?")
    except ValueError:
        logging.getLogger("services.example").exception("failed")

    line = json.loads(stream.getvalue())
    assert "invalid literal for int() with base 10: '**********0123?'" in line["exception"]


def test_lines_below_the_level_and_the_chatter_of_libraries_are_left_out() -> None:
    stream = io.StringIO()
    logging_setup.configure(level="warning", stream=stream)
    logging.getLogger("services.example").info("not wanted")
    logging.getLogger("grpc._cython").info("chatter")

    assert stream.getvalue() == ""


def test_warnings_of_python_are_log_lines() -> None:
    stream = io.StringIO()
    logging_setup.configure(stream=stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old way", stacklevel=1)

    assert "old way" in json.loads(stream.getvalue())["event"]


def test_on_a_terminal_lines_are_plain_text() -> None:
    stream = io.StringIO()
    logging_setup.configure(form="console", stream=stream)
    logging.getLogger("services.example").warning("blocked", extra={"caller": "+8617000000123"})

    assert "**********0123" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_no_log_line_contains_the_password_of_a_url() -> None:
    line = line_of("no answer from %s", "redis://fanzha:S3cret@127.0.0.1:1/0")

    assert line["event"] == "no answer from redis://***@127.0.0.1:1/0"
