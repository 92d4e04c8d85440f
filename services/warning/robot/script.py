"""Scripts of the dissuasion robot (智能反诈劝阻机器人): state charts of what is said and heard.

A dialogue begins where the warning was sent or, by voice, spoken. What the person answers, in words
or by a key of the telephone, is read as a `Meaning`, which leads to the next state or to an end. A
state counts how often it was not understood, so that no dialogue goes round in circles.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fanzha.fraud import FraudType


class Meaning(StrEnum):
    """What an answer means."""

    PAID = "paid"
    """The person has paid, or given away a code."""
    OFFICER = "officer"
    """The person wants somebody to talk to, or is afraid."""
    STOP = "stop"
    """The person wants no more messages."""
    WHO = "who"
    """The person asks who this is, or doubts it."""
    NO = "no"
    """Not paid; not in danger."""
    YES = "yes"
    """The person is in contact with them, or agrees."""
    OTHER = "other"
    """Nothing of this."""
    SILENCE = "silence"
    """No key was pressed in time; by voice only."""


class RobotOutcome(StrEnum):
    """How a dialogue ended."""

    UNDERSTOOD = "understood"
    """The person says that nothing was paid, and knows what to do."""
    PAID = "paid"
    OFFICER = "officer"
    STOPPED = "stopped"
    LOST = "lost"
    """It was not understood; a person goes on."""
    LISTENED = "listened"
    """By voice only: the warning was heard, and not answered."""
    REACHED = "reached"
    """By voice only: somebody took the call, and hung up before the warning was said."""


HANDS_OVER = frozenset({RobotOutcome.PAID, RobotOutcome.OFFICER, RobotOutcome.LOST})
"""Ends after which an officer goes on."""
OF_VOICE = frozenset({RobotOutcome.LISTENED, RobotOutcome.REACHED})
"""Ends that only a call has."""
MOST_TURNS = 12
"""Answers of one dialogue, whatever its script; then an officer goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptState:
    """A state that waits for an answer."""

    name: str
    text: str
    """Said on arrival; empty in the state where a dialogue begins, after the warning itself."""
    heard: Mapping[Meaning, str]
    """Where each meaning leads: a state or an end."""
    tries: int = 1
    """How often it may lead back to itself."""
    otherwise: str = ""
    """Where it leads after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptEnd:
    """An end of a dialogue."""

    name: str
    text: str
    """Said at last; may be empty."""
    outcome: RobotOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotScript:
    """One script: of a language, in one of the variants that are compared."""

    name: str
    version: str
    language: str
    variant: str
    start: str
    states: Mapping[str, ScriptState]
    ends: Mapping[str, ScriptEnd]
    by_fraud: Mapping[FraudType, Mapping[str, str]] = field(default_factory=dict)
    """Texts of states for one kind of fraud, in place of the general ones."""
    keys: Mapping[str, Meaning] = field(default_factory=dict)
    """What keys of the telephone mean; empty: the script is one of SMS."""
    repeat_key: str = ""
    """By voice, the key that has a text said again."""
    wait_seconds: float = 6.0
    """By voice, how long after a text a key is waited for."""

    @property
    def by_voice(self) -> bool:
        """Whether it is spoken, and answered by keys."""
        return bool(self.keys)

    @property
    def meanings(self) -> tuple[Meaning, ...]:
        """Return what an answer may mean, in a state of this script."""
        if not self.by_voice:
            return tuple(one for one in Meaning if one is not Meaning.SILENCE)
        known = {*self.keys.values(), Meaning.OTHER, Meaning.SILENCE}
        return tuple(one for one in Meaning if one in known)

    @property
    def id(self) -> str:
        """Return name, version and variant, such as ``sms.zh@1:a``."""
        return f"{self.name}.{self.language}@{self.version}:{self.variant}"

    def text(self, place: str, fraud_type: FraudType) -> str:
        """Return what is said on arrival at a state or an end."""
        own = self.by_fraud.get(fraud_type, {}).get(place)
        if own is not None:
            return own
        return self.states[place].text if place in self.states else self.ends[place].text

    @property
    def places(self) -> tuple[str, ...]:
        """Return the names of all states and ends, in the order of the file."""
        return (*self.states, *self.ends)
