"""What the desk sees of a dialogue: what was said so far, and what the script says next.

The script is on the screen of whoever goes on by telephone, too: for each thing that the person may
mean there is what to say, by the kind of fraud and in the language asked for. Where the robot said
nothing yet, the script begins.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fanzha.errors import InvalidInput
from services.warning.cases.events import CaseEvent, HeardReply
from services.warning.cases.model import Case
from services.warning.desk.service import CaseDesk
from services.warning.messages.template import LANGUAGES
from services.warning.robot import dialogue, script_files
from services.warning.robot.script import Meaning, RobotOutcome, RobotScript

MOST_EVENTS = 500
"""Latest events of a case that are looked through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenTurn:
    """What one of the two said."""

    at_ms: int
    by_robot: bool
    text: str
    """Empty of the person where notes are masked."""
    meaning: Meaning | None = None
    """Of what the person said: how it was understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptBranch:
    """What to say to something the person may mean."""

    meaning: Meaning
    text: str
    outcome: RobotOutcome | None
    """The end it leads to; None: the dialogue goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueOnScreen:
    """A dialogue so far, and how its script goes on."""

    turns: Sequence[ScreenTurn]
    script: str
    """Id of the script of the branches."""
    place: str
    """The state that the branches are of."""
    outcome: RobotOutcome | None
    """How the dialogue ended; then the branches are those of its last state."""
    branches: Sequence[ScriptBranch]


class DialogueScreen:
    """Shows dialogues of the cases that the caller sees. Each look is recorded as a history is."""

    def __init__(self, desk: CaseDesk, folder: Path | None = None) -> None:
        """Scripts are those of *folder*, or those that come along."""
        self._desk = desk
        self._folder = folder

    async def of_case(self, case_id: str, language: str) -> DialogueOnScreen:
        """Return the dialogue about a case; *language* is of the branches, ``zh`` by default."""
        language = language or LANGUAGES[0]
        if language not in LANGUAGES:
            raise InvalidInput("language: {languages}", languages=", ".join(LANGUAGES))
        scripts = await asyncio.to_thread(script_files.load, self._folder)
        page = await self._desk.history(
            case_id, after=0, size=MOST_EVENTS, masked=True, newest_first=True
        )
        case, _ = await self._desk.get(case_id, masked=True)
        return on_screen(case, page.events[::-1], scripts, language)


def on_screen(
    case: Case, events: Sequence[CaseEvent], scripts: Sequence[RobotScript], language: str
) -> DialogueOnScreen:
    """Return what *events*, the oldest first, hold of a dialogue, and how a script goes on.

    Of a script that there is no more, what the robot said is not known.
    """
    said = [(event.at_ms, event.reply) for event in events if event.reply is not None]
    robots = [(at_ms, reply) for at_ms, reply in said if reply.after]
    last = robots[-1][1] if robots else None
    script = _script(case, scripts, language, last)
    ended = script.ends.get(last.after) if last else None
    # An end has no branches: what could be said before it still may.
    place = (last.before if ended else last.after) if last else script.start
    state = script.states.get(place) or script.states[script.start]
    return DialogueOnScreen(
        turns=[turn for at_ms, reply in said for turn in _turns(case, scripts, at_ms, reply)],
        script=script.id,
        place=state.name,
        outcome=ended.outcome if ended else None,
        branches=[
            ScriptBranch(
                meaning=meaning,
                text=script.text(to, case.fraud_type),
                outcome=script.ends[to].outcome if to in script.ends else None,
            )
            for meaning, to in state.heard.items()
        ],
    )


def _turns(
    case: Case, scripts: Sequence[RobotScript], at_ms: int, reply: HeardReply
) -> Iterator[ScreenTurn]:
    yield ScreenTurn(at_ms=at_ms, by_robot=False, text=reply.text, meaning=Meaning(reply.meaning))
    spoken = next((one for one in scripts if one.id == reply.script), None)
    if spoken is None or reply.after not in spoken.places:
        return
    if text := spoken.text(reply.after, case.fraud_type):
        yield ScreenTurn(at_ms=at_ms, by_robot=True, text=text)


def _script(
    case: Case, scripts: Sequence[RobotScript], language: str, last: HeardReply | None
) -> RobotScript:
    """Return the script in a language that has the places of the dialogue, else that of texts."""
    texts = [one for one in scripts if not one.by_voice]
    try:
        chosen = dialogue.chosen(texts, language, case.id)
    except LookupError:
        raise InvalidInput("language: no script in {language}", language=language) from None
    by_voice = last is not None and any(one.by_voice for one in scripts if one.id == last.script)
    fitting = [
        one
        for one in (chosen, *scripts)
        if one.language == language
        and one.by_voice is by_voice
        and (last is None or last.after in one.places)
    ]
    return fitting[0] if fitting else chosen
