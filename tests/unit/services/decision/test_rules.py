"""Which evidence decides: the whole precedence, as a table."""

from itertools import product

import numpy as np
import pytest

from fanzha.decisions import Action, Reason
from services.decision import rules

NO_MODEL = float("nan")


def rule(
    *,
    invalid: bool = False,
    protected: bool = False,
    listed: int = 0,
    implausible: bool = False,
    score: float = 0.0,
    spam: bool = False,
    suspicious: bool = False,
    block_suspicious: bool = False,
) -> tuple[Action, Reason]:
    ruling = rules.rule(
        invalid=np.array([invalid]),
        protected=np.array([protected]),
        listed=np.array([listed], np.uint8),
        implausible=np.array([implausible]),
        scores=np.array([score], np.float32),
        threshold=0.9,
        spam=np.array([spam]),
        suspicious=np.array([suspicious]),
        block_suspicious=block_suspicious,
    )
    return Action(int(ruling.actions[0])), Reason(int(ruling.reasons[0]))


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ({"score": 0.0}, (Action.ALLOW, Reason.SCORED)),
        ({"score": 0.89}, (Action.ALLOW, Reason.SCORED)),
        ({"score": 0.9}, (Action.BLOCK, Reason.SCORED)),
        ({"score": NO_MODEL}, (Action.ALLOW, Reason.FAILED_OPEN)),
        ({"score": 0.89, "spam": True}, (Action.BLOCK, Reason.SPAM)),
        ({"score": 0.9, "spam": True}, (Action.BLOCK, Reason.SCORED)),
        ({"score": NO_MODEL, "spam": True}, (Action.ALLOW, Reason.FAILED_OPEN)),
        ({"listed": Action.ALLOW, "spam": True}, (Action.ALLOW, Reason.ALLOWLISTED)),
        ({"listed": Action.BLOCK, "spam": True}, (Action.BLOCK, Reason.BLOCKLISTED)),
        ({"suspicious": True}, (Action.ALLOW, Reason.VELOCITY)),
        ({"suspicious": True, "block_suspicious": True}, (Action.BLOCK, Reason.VELOCITY)),
        ({"suspicious": True, "score": 0.9}, (Action.BLOCK, Reason.SCORED)),
        ({"suspicious": True, "score": NO_MODEL}, (Action.ALLOW, Reason.FAILED_OPEN)),
        ({"suspicious": True, "listed": Action.ALLOW}, (Action.ALLOW, Reason.ALLOWLISTED)),
        ({"suspicious": True, "listed": Action.BLOCK}, (Action.BLOCK, Reason.BLOCKLISTED)),
        ({"block_suspicious": True}, (Action.ALLOW, Reason.SCORED)),
        ({"implausible": True}, (Action.BLOCK, Reason.IMPLAUSIBLE)),
        ({"implausible": True, "score": NO_MODEL}, (Action.BLOCK, Reason.IMPLAUSIBLE)),
        ({"listed": Action.BLOCK}, (Action.BLOCK, Reason.BLOCKLISTED)),
        ({"listed": Action.BLOCK, "implausible": True}, (Action.BLOCK, Reason.BLOCKLISTED)),
        ({"listed": Action.ALLOW, "implausible": True}, (Action.ALLOW, Reason.ALLOWLISTED)),
        ({"listed": Action.ALLOW, "score": 1.0}, (Action.ALLOW, Reason.ALLOWLISTED)),
    ],
)
def test_first_line_that_holds_decides(
    evidence: dict[str, float], expected: tuple[Action, Reason]
) -> None:
    assert rule(**evidence) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("listed", "implausible", "score"),
    list(product([0, Action.ALLOW, Action.BLOCK], [False, True], [0.0, 1.0, NO_MODEL])),
)
def test_protected_and_invalid_rows_are_always_let_through(
    listed: int, implausible: bool, score: float
) -> None:
    evidence = {"listed": listed, "implausible": implausible, "score": score, "spam": True}
    evidence |= {"suspicious": True, "block_suspicious": True}

    assert rule(protected=True, **evidence) == (Action.ALLOW, Reason.PROTECTED)  # type: ignore[arg-type]
    assert rule(invalid=True, **evidence) == (Action.ALLOW, Reason.INVALID)  # type: ignore[arg-type]


def test_a_ruling_names_all_matching_rules() -> None:
    ruling = rules.rule(
        protected=np.array([False, True, False]),
        listed=np.array([Action.BLOCK, Action.BLOCK, 0], np.uint8),
        implausible=np.array([True, False, False]),
        scores=np.array([0.95, NO_MODEL, 0.1], np.float32),
        threshold=0.9,
    )

    assert [rules.names_of(int(held)) for held in ruling.held] == [
        ("blocklisted", "implausible", "scored"),
        ("protected", "blocklisted", "unscored"),
        (),
    ]


def test_the_first_rule_by_name_is_the_one_that_decides() -> None:
    assert rules.first_of({"scored", "implausible"})[0] == "implausible"
    assert rules.first_of(()) == ("under", Action.ALLOW, Reason.SCORED)


def test_each_rule_but_the_last_has_a_bit() -> None:
    names = [name for name, _, _ in rules.PRECEDENCE]

    assert list(rules.names_of(2**32 - 1))[: len(names) - 1] == names[:-1]


def test_a_ruling_has_room_for_twice_the_rules_there_are() -> None:
    ruling = rules.rule(
        protected=np.array([False]),
        listed=np.zeros(1, np.uint8),
        scores=np.zeros(1, np.float32),
        threshold=0.9,
    )

    assert np.iinfo(ruling.held.dtype).bits == 32
    assert len(rules.PRECEDENCE) <= 32


@pytest.mark.parametrize("name", ["marked_link", "marked_history", "marked_sender", "spam"])
def test_every_rule_that_holds_is_told_however_many_there_are(name: str) -> None:
    ruling = rules.rule(
        protected=np.array([False]),
        listed=np.zeros(1, np.uint8),
        scores=np.zeros(1, np.float32),
        threshold=0.9,
        **{name: np.array([True])},  # type: ignore[arg-type]
    )

    assert rules.names_of(int(ruling.held[0])) == (name,)
