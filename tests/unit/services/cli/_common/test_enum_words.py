"""Words of enums of the wire: also of values that only a newer server knows."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest

from fanzha.v1 import change_pb2, decision_pb2, entity_pb2, hit_pb2, model_pb2, warning_pb2
from services.cli._common.channel_words import ModelWord, model_word
from services.cli._common.enum_words import shown_word, wire_name, wire_word
from services.cli.check.commands import as_words
from services.cli.check.decision_sentence import sentence
from tests.support.checkout import CHECKOUT

NEWER = 4711
ENUMS = [
    getattr(module, name)
    for module in (change_pb2, decision_pb2, entity_pb2, hit_pb2, model_pb2, warning_pb2)
    for name in sorted(module.DESCRIPTOR.enum_types_by_name)
]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.DESCRIPTOR.name)
def test_a_value_of_a_newer_server_is_shown_as_its_number(enum: Any) -> None:
    assert wire_name(enum, NEWER) == "4711"
    assert wire_word(enum, NEWER) == "4711"
    assert shown_word(enum, NEWER) == "4711"


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.DESCRIPTOR.name)
def test_known_values_are_words_without_the_prefix_of_their_enum(enum: Any) -> None:
    prefix = enum.Name(0).removesuffix("UNSPECIFIED")

    words = {number: wire_word(enum, number) for number in enum.values()}

    assert words.pop(0) == ""
    assert words
    for number, word in words.items():
        assert enum.Name(number) == f"{prefix}{word.upper()}"


def test_a_decision_of_a_newer_server_is_shown_and_put_into_a_sentence() -> None:
    names = [one.name for one in decision_pb2.Decision.DESCRIPTOR.fields if one.enum_type]
    newer: Any = dict.fromkeys(names, NEWER)
    decision = decision_pb2.Decision(**newer, related_entity="+8617000000001", shadow_entry_id="e1")

    words = as_words(decision)

    shown = {name for name, value in words.items() if value == "4711"}
    assert {"action", "reason", "fraud_type", "evidence", "source", "treatment", "label"} <= shown
    assert {"related_evidence", "shadow_evidence"} <= shown
    assert sentence(decision)


def test_a_kind_of_model_of_a_newer_server_is_shown_as_its_number() -> None:
    assert [model_word(number) for number in (1, 2, 3, 4)] == [one.value for one in ModelWord]
    assert model_word(NEWER) == "4711"


def calls_of_name() -> Iterator[str]:
    for path in sorted((CHECKOUT / "services" / "cli").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "Name":
                yield f"{path.relative_to(CHECKOUT)}:{node.lineno}"


def test_no_command_asks_for_a_name_that_a_newer_value_lacks() -> None:
    assert list(calls_of_name()) == []
