"""A dialogue with one person, and how it goes on: pure functions of a script."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from fanzha.fraud import FraudType
from services.warning.robot.script import MOST_TURNS, Meaning, RobotOutcome, RobotScript


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotDialogue:
    """Where a dialogue stands."""

    script: str
    """Id of its script."""
    place: str
    turns: int = 0
    """Answers of the person so far."""
    again: int = 0
    """How often in a row its state has led back to itself."""
    outcome: RobotOutcome | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is said."""
        return self.outcome is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenTurn:
    """One turn of a transcript."""

    meaning: Meaning
    place: str
    said: str


def chosen(scripts: Sequence[RobotScript], language: str, key: str) -> RobotScript:
    """Return the script for a person: of the language, and of its variants by a hash of *key*.

    Raises `LookupError` when there is none of the language.
    """
    fitting = [one for one in scripts if one.language == language]
    if not fitting:
        raise LookupError(language)
    digest = blake2b(key.encode(), digest_size=4).digest()
    return fitting[int.from_bytes(digest) % len(fitting)]


def begun(script: RobotScript) -> RobotDialogue:
    """Return a dialogue that begins after a warning."""
    return RobotDialogue(script=script.id, place=script.start)


def heard(script: RobotScript, dialogue: RobotDialogue, meaning: Meaning) -> RobotDialogue:
    """Return the dialogue after an answer; one that is over stays as it is."""
    if dialogue.is_over:
        return dialogue
    state = script.states[dialogue.place]
    place, again = state.heard[meaning], 0
    if place == state.name:
        again = dialogue.again + 1
        if again > state.tries:
            place, again = state.otherwise, 0
    end = script.ends.get(place)
    turns = dialogue.turns + 1
    outcome = end.outcome if end else None
    if outcome is None and turns >= MOST_TURNS:
        outcome = RobotOutcome.LOST
    return replace(dialogue, place=place, turns=turns, again=again, outcome=outcome)


def paths(
    script: RobotScript, fraud_type: FraudType = FraudType.UNSPECIFIED
) -> Iterator[tuple[RobotOutcome, Sequence[SpokenTurn]]]:
    """Yield each way through a script, with its end: a transcript of each possible dialogue."""

    def follow(
        dialogue: RobotDialogue, spoken: tuple[SpokenTurn, ...]
    ) -> Iterator[tuple[RobotOutcome, Sequence[SpokenTurn]]]:
        if dialogue.outcome is not None:
            yield dialogue.outcome, spoken
            return
        for meaning in script.meanings:
            after = heard(script, dialogue, meaning)
            turn = SpokenTurn(
                meaning=meaning, place=after.place, said=script.text(after.place, fraud_type)
            )
            yield from follow(after, (*spoken, turn))

    yield from follow(begun(script), ())
