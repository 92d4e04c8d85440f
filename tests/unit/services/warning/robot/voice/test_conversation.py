"""Conversations by a script, with a phone that does what a person of the test does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from infra.rtp.g711 import Samples
from services.warning.cases.events import HeardReply
from services.warning.robot import script_files
from services.warning.robot.script import RobotOutcome
from services.warning.robot.voice.conversation import (
    ConversationPlan,
    TalkResult,
    VoiceConversation,
)

SCRIPT = replace(
    next(one for one in script_files.by_voice() if one.language == "zh"), wait_seconds=0.05
)
HANG_UP = "hang up"
NOTHING = ""
AN_HOUR = 3600 * 8000
"""In samples."""
PROMPTS = {
    place: np.broadcast_to(np.int16(0), (AN_HOUR * at,))
    for at, place in enumerate(SCRIPT.places, start=1)
}
"""The place is known by the length of its audio; none is heard to its end by a slow test."""


@dataclass
class Person:
    """Answers each text by a key, before its end, or does nothing, or hangs up."""

    answers: list[str]
    keys: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)
    machine: asyncio.Event = field(default_factory=asyncio.Event)
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def play(self, samples: Samples) -> bool:
        self.heard.append(SCRIPT.places[len(samples) // AN_HOUR - 1])
        answer = self.answers.pop(0) if self.answers else NOTHING
        if answer == HANG_UP:
            self.ended.set_result("the person")
        elif answer:
            for key in answer:
                self.keys.put_nowait(key)
            await asyncio.Event().wait()  # until it is stopped: it never ends by itself
        return True

    def stop(self) -> None:
        pass


async def talked(*answers: str) -> tuple[TalkResult, Person, Sequence[RobotOutcome]]:
    person, outcomes = Person(list(answers)), list[RobotOutcome]()

    async def on_outcome(outcome: RobotOutcome, reply: HeardReply | None) -> None:
        outcomes.append(outcome)

    plan = ConversationPlan(script=SCRIPT, prompts=PROMPTS, on_outcome=on_outcome)
    result = await asyncio.wait_for(VoiceConversation(plan, person).run(), 60)
    return result, person, outcomes


@pytest.mark.parametrize(
    ("answers", "said", "outcome"),
    [
        (["1"], ["warned", "paid"], RobotOutcome.PAID),
        (["2"], ["warned", "officer"], RobotOutcome.OFFICER),
        (["3"], ["warned", "safe"], RobotOutcome.UNDERSTOOD),
        (["0"], ["warned", "stopped"], RobotOutcome.STOPPED),
        (["4", "3"], ["warned", "who", "safe"], RobotOutcome.UNDERSTOOD),
        (["9", "1"], ["warned", "warned", "paid"], RobotOutcome.PAID),
        (["9", "9", "9", "9", "1"], ["warned"] * 4 + ["ask", "paid"], RobotOutcome.PAID),
        (["#", "*", "7"], ["warned", "ask", "ask", "lost"], RobotOutcome.LOST),
        ([NOTHING, NOTHING], ["warned", "ask", "advice"], RobotOutcome.LISTENED),
        ([NOTHING, "1"], ["warned", "ask", "paid"], RobotOutcome.PAID),
    ],
)
async def test_keys_and_silence_lead_through_the_script(
    answers: list[str], said: list[str], outcome: RobotOutcome
) -> None:
    result, person, outcomes = await talked(*answers)

    assert person.heard == said
    assert result.dialogue.outcome is outcome
    assert outcomes == [outcome]


async def test_a_flood_of_keys_answers_one_text_each() -> None:
    result, person, _ = await talked("7" * 500, "7" * 500, "7" * 500)

    assert person.heard == ["warned", "ask", "ask", "lost"]
    assert result.dialogue.turns == 3


async def test_who_hangs_up_was_reached_or_has_listened() -> None:
    early, _, at_once = await talked(HANG_UP)
    later, _, _ = await talked("4", HANG_UP)

    assert early.dialogue.outcome is RobotOutcome.REACHED
    assert at_once == [RobotOutcome.REACHED]
    assert later.dialogue.outcome is RobotOutcome.LISTENED


async def test_the_transcript_has_what_happened_and_no_words_of_it() -> None:
    result, _, _ = await talked("4", "1")

    assert [line.partition(" s ")[2] for line in result.transcript.lines] == [
        "key 4 (who): warned → who",
        "key 1 (paid): who → paid",
        "the end was said",
    ]


async def test_the_end_is_said_although_the_store_is_slow() -> None:
    person, said = Person(["1"]), asyncio.Event()

    async def slow(_outcome: RobotOutcome, _reply: HeardReply | None) -> None:
        while "paid" not in person.heard:  # noqa: ASYNC110 - the person tells nobody
            await asyncio.sleep(0)
        said.set()

    plan = ConversationPlan(script=SCRIPT, prompts=PROMPTS, on_outcome=slow)
    result = await asyncio.wait_for(VoiceConversation(plan, person).run(), 60)

    assert said.is_set()
    assert result.dialogue.outcome is RobotOutcome.PAID


async def test_a_machine_ends_the_conversation_without_an_outcome() -> None:
    person = Person(["9"])
    person.machine.set()

    async def nothing(_outcome: RobotOutcome, _reply: HeardReply | None) -> None:
        raise AssertionError("a machine has no outcome")

    person.answers = [NOTHING]
    plan = ConversationPlan(script=SCRIPT, prompts=PROMPTS, on_outcome=nothing)
    result = await asyncio.wait_for(VoiceConversation(plan, person).run(), 60)

    assert result.machine
    assert result.dialogue.outcome is None
