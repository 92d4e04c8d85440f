"""How JSON of commands spells enums, in whichever message they are."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import fanzha.v1
from fanzha.v1 import appeal_pb2, change_state_pb2, decision_log_pb2, decision_pb2
from fanzha.v1 import change_pb2 as pb
from services.cli._common.json_words import as_dict, hit_words
from services.cli.decisions import display


def messages() -> Iterator[Any]:
    """Return the class of every message of the protocol."""
    for module in pkgutil.iter_modules(fanzha.v1.__path__):
        if module.name.endswith("_pb2"):
            loaded = import_module(f"fanzha.v1.{module.name}")
            yield from (getattr(loaded, name) for name in loaded.DESCRIPTOR.message_types_by_name)


def with_enums(kind: Any) -> tuple[Any, list[str]]:
    """Make a message with the last value of each of its enums; return it and their names."""
    message, names = kind(), []
    for field in kind.DESCRIPTOR.fields:
        if field.enum_type is not None:
            number = field.enum_type.values[-1].number
            if hasattr(getattr(message, field.name), "append"):
                getattr(message, field.name).append(number)
            else:
                setattr(message, field.name, number)
            names.append(field.name)
    return message, names


def test_enums_of_every_message_are_lower_case_words_without_prefix() -> None:
    seen, wrong = 0, []
    for kind in messages():
        message, names = with_enums(kind)
        found = as_dict(message)
        for name in names:
            seen += 1
            (word,) = found[name] if isinstance(found[name], list) else (found[name],)
            prefix = kind.DESCRIPTOR.fields_by_name[name].enum_type.values[0].name
            if word != word.lower() or word.startswith(prefix.removesuffix("unspecified").lower()):
                wrong.append((kind.DESCRIPTOR.name, name, word))

    assert wrong == []
    assert seen > 60


def test_enums_inside_messages_and_unspecified_ones_are_words_too() -> None:
    change = pb.Change(id=2**63, state=change_state_pb2.CHANGE_STATE_PENDING)

    shown = as_dict(pb.GetChangeResponse(change=change))["change"]

    assert (shown["id"], shown["state"], shown["kind"]) == (str(2**63), "pending", "")


def test_a_number_that_is_not_known_stays_a_number() -> None:
    assert as_dict(decision_pb2.Decision(action=77))["action"] == 77  # type: ignore[arg-type]


def test_words_of_hits_are_spelled_alike_and_other_texts_stay() -> None:
    hit = {"action": "BLOCK", "reason": "VELOCITY", "pattern": "BANK", "decision_id": "1"}

    assert hit_words(hit) == {
        **hit,
        "action": "block",
        "reason": "velocity",
    }
    evidence = as_dict(appeal_pb2.AppealEvidence(decision=hit))
    assert evidence["decision"]["action"] == "block"


def test_a_logged_decision_has_its_id_as_text() -> None:
    logged = decision_log_pb2.LoggedDecision(
        decision_id=2**64 - 1,
        channel=decision_pb2.CHANNEL_CALL,
        action=decision_pb2.ACTION_BLOCK,
        decided_at_ms=1,
        occurred_at_ms=1,
    )

    shown = display.facts(display.as_row(logged))

    assert shown["decision_id"] == "18446744073709551615"
    assert (shown["channel"], shown["action"]) == ("call", "block")
