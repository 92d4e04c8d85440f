"""Rules of scripts: what may be said, and that each dialogue comes to its end.

* Each text passes the linter of warnings (12381's rules), and fits into four parts of an SMS.
* Each place is reached, each state knows where every meaning leads, and each place exists.
* Somebody who has paid is handed over at once, from each state; who wants an officer, gets one.
* Each way through the script ends, after `MOST_TURNS` answers at most.
* By voice, each state says the keys of those two, and each meaning has its key.
"""

import re
from collections.abc import Iterator

from fanzha.fraud import FraudType
from fanzha.translation.message import Message
from services.warning.messages import linter
from services.warning.messages.sms_length import sms_length
from services.warning.robot.script import (
    MOST_TURNS,
    OF_VOICE,
    Meaning,
    RobotOutcome,
    RobotScript,
)

MOST_PARTS = 4
_NUMBERS = re.compile("96110|110")
"""What a text may name besides keys."""
_AT_ONCE = {Meaning.PAID: RobotOutcome.PAID, Meaning.OFFICER: RobotOutcome.OFFICER}


def faults(script: RobotScript) -> list[Message]:
    """Return what is wrong with a script; nothing: it may be used."""
    found = [*_voice(script), *_places(script), *_texts(script)]
    # The others walk through the script, which needs all places.
    return found or [*_at_once(script), *_reached(script), *_ends(script)]


def _texts(script: RobotScript) -> Iterator[Message]:
    for fraud_type in (FraudType.UNSPECIFIED, *script.by_fraud):
        for place in script.places:
            text = script.text(place, fraud_type)
            if text and (wrong := linter.faults(text)):
                yield Message("{place}: {faults}", place=place, faults=linter.summary(wrong))
            if text and sms_length(text).parts > MOST_PARTS:
                yield Message("{place}: longer than {most} parts", place=place, most=MOST_PARTS)
            silent = place == script.start and not script.by_voice
            if not text and place in script.states and not silent:
                yield Message("{place}: says nothing", place=place)
    for texts in script.by_fraud.values():
        for place in texts:
            if place not in script.states and place not in script.ends:
                yield Message("by_fraud: there is no {place}", place=place)


def _places(script: RobotScript) -> Iterator[Message]:
    if script.start not in script.states:
        yield Message("start: there is no state {place}", place=script.start)
    if both := set(script.states) & set(script.ends):
        yield Message("{place}: is a state and an end", place=min(both))
    for state in script.states.values():
        if missing := [one.value for one in script.meanings if one not in state.heard]:
            yield Message(
                "{place}: does not say where {meaning} leads", place=state.name, meaning=missing[0]
            )
        if more := [one.value for one in state.heard if one not in script.meanings]:
            yield Message("{place}: nobody can answer {meaning}", place=state.name, meaning=more[0])
        for place in (*state.heard.values(), *filter(None, [state.otherwise])):
            if place not in script.states and place not in script.ends:
                yield Message("{state}: there is no {place}", state=state.name, place=place)
        if state.name in state.heard.values() and not state.otherwise:
            yield Message("{place}: leads back to itself without otherwise", place=state.name)


def _voice(script: RobotScript) -> Iterator[Message]:
    """Find what a caller could not answer, and ends that a script cannot have."""
    for end in script.ends.values():
        if end.outcome is RobotOutcome.REACHED or (end.outcome in OF_VOICE and not script.by_voice):
            yield Message(
                "{place}: {outcome} is no end of such a script",
                place=end.name,
                outcome=end.outcome.value,
            )
    if not script.by_voice:
        return
    key_of = {meaning: key for key, meaning in script.keys.items()}
    for meaning in _AT_ONCE:
        if meaning not in key_of:
            yield Message("keys: none means {meaning}", meaning=meaning.value)
            continue
        for fraud_type in (FraudType.UNSPECIFIED, *script.by_fraud):
            for name in script.states:
                if key_of[meaning] not in _NUMBERS.sub("", script.text(name, fraud_type)):
                    yield Message(
                        "{place}: does not say the key of {meaning}",
                        place=name,
                        meaning=meaning.value,
                    )


def _at_once(script: RobotScript) -> Iterator[Message]:
    for state in script.states.values():
        for meaning, outcome in _AT_ONCE.items():
            end = script.ends.get(state.heard[meaning])
            if end is None or end.outcome is not outcome:
                yield Message(
                    "{place}: {meaning} must end the dialogue with {outcome}",
                    place=state.name,
                    meaning=meaning.value,
                    outcome=outcome.value,
                )


def _reached(script: RobotScript) -> Iterator[Message]:
    seen, waiting = set[str](), [script.start]
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        if state := script.states.get(place):
            waiting += [*state.heard.values(), *filter(None, [state.otherwise])]
    for place in script.places:
        if place not in seen:
            yield Message("{place}: nothing leads there", place=place)


def _ends(script: RobotScript) -> Iterator[Message]:
    """Find a circle of several states: one that leads back to itself is counted."""
    done: set[str] = set()

    def circle(place: str, above: tuple[str, ...]) -> tuple[str, ...]:
        if place in script.ends or place in done:
            return ()
        if place in above:
            return (*above[above.index(place) :], place)
        state = script.states[place]
        for after in dict.fromkeys((*state.heard.values(), *filter(None, [state.otherwise]))):
            if after != place and (found := circle(after, (*above, place))):
                return found
        done.add(place)
        return ()

    if found := circle(script.start, ()):
        yield Message("goes round in circles: {places}", places=" → ".join(found))
    elif sum(state.tries + 1 for state in script.states.values()) > MOST_TURNS:
        yield Message("may need more than {most} answers", most=MOST_TURNS)
