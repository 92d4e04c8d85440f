"""Messages keep their key and values in JSON, and are said in the language of a caller."""

import copy
import json
import tomllib
from dataclasses import asdict, dataclass
from enum import IntEnum
from errno import EACCES, ENOENT

import pytest

from fanzha.errors import InvalidConfiguration
from fanzha.translation.message import Message, alternatives, as_json, of_json
from fanzha.translation.negotiation import for_caller, serve_caller

NESTED = Message(
    "its impact is unknown: {text}",
    text=Message(
        "the decision log covers {hours:.1f} of the last {total} hours", hours=1, total=24
    ),
)


class Kind(IntEnum):
    """A number with a name."""

    ONE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record that may hold messages anywhere."""

    one: str
    several: tuple[object, ...]
    more: object


def test_json_keeps_what_a_message_is_made_of() -> None:
    stored = json.dumps(as_json({"reasons": (copy.deepcopy(NESTED), "plain"), "needed": True}))

    found = of_json(json.loads(stored))

    assert found == {"reasons": [NESTED, "plain"], "needed": True}
    assert found["reasons"][0].translated("zh") == NESTED.translated("zh")
    assert "24" in NESTED.translated("zh")
    assert NESTED.translated("zh") != NESTED


def test_json_of_a_record_is_that_of_its_fields() -> None:
    inner = Record(one=NESTED, several=(1, Kind.ONE), more=None)
    record = Record(one="plain", several=(inner, "two"), more={"by": inner})

    stored = as_json(record)

    assert stored == as_json(asdict(record))
    assert of_json(json.loads(json.dumps(stored)))["several"][0]["one"] == NESTED


@pytest.mark.parametrize(("language", "answered"), [("en", False), ("zh-CN", True), ("", False)])
async def test_an_answer_is_in_the_language_of_its_caller(language: str, answered: bool) -> None:
    serve_caller(lambda: (("accept-language", language),))

    assert for_caller("as it is") == "as it is"
    assert (for_caller(NESTED) == NESTED.translated("zh")) is answered


def test_texts_outside_of_requests_are_english() -> None:
    assert for_caller(NESTED) == str(NESTED)


def test_alternatives_are_joined_by_a_word() -> None:
    assert alternatives(["a"]) == "a"
    assert alternatives(["a", "b", "c"]) == "a or b or c"


@pytest.mark.parametrize(
    "cause",
    [
        FileNotFoundError(ENOENT, "No such file or directory", "list.csv"),
        PermissionError(EACCES, "Permission denied"),
        tomllib.TOMLDecodeError("Invalid value (at line 1, column 5)"),
        tomllib.TOMLDecodeError("Unclosed array (at end of document)"),
    ],
)
def test_what_systems_and_libraries_say_is_translated(cause: Exception) -> None:
    error = InvalidConfiguration("{file}: {error}", file="f", error=cause)

    assert str(error).startswith("f: ")
    assert not any("a" <= one <= "z" for one in error.translated("zh").removeprefix("f: "))
