"""The robot's call in the week of the province: an officer reaches nobody, and the robot calls.

The phone is simulated (it takes the call and presses keys), everything else is the service. Speech
needs espeak-ng; where it is not installed, the week goes on without a call, and says so.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from examples.lists_tour_site import heading, say
from examples.province_demo.people import PersonPlan
from examples.warning_demo import pipeline
from examples.warning_demo.pipeline import Seen
from examples.warning_demo.story import Story
from infra.redis.client import connect
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.model import Tier
from services.warning.robot.voice.speech import PROGRAM
from tests.support.answering_phone import answering_phones, presses

KEYS = ("4", "1")
"""Who are you? I have paid."""
_AFTER_SECONDS = 3.0
_PATIENCE_SECONDS = 200.0


@asynccontextmanager
async def phone_settings() -> AsyncIterator[dict[str, str]]:
    """Run everybody's phones; yield settings that make the robot call by them, if it can speak."""
    if shutil.which(PROGRAM) is None:
        yield {}
        return
    async with answering_phones(presses(KEYS, after_seconds=_AFTER_SECONDS)) as phones:
        yield {
            "FANZHA_WARNING_VOICE_SIP_ADDRESS": f"127.0.0.1:{phones.port}",
            "FANZHA_WARNING_VOICE_SIP_TRANSPORT": "udp",
        }


def call(story: Story, seen: Seen, plans: dict[str, PersonPlan], *, can_speak: bool) -> None:
    """Wednesday evening: nobody answers an officer, so the robot calls; print its transcript."""
    heading("Wednesday evening. He reaches nobody; the next step of the plan is the robot's call")
    if not can_speak:
        say(f"no call: {PROGRAM} is not installed, which speaks; on Debian: apt install {PROGRAM}")
        return
    called = next(
        case
        for case in seen.cases
        if pipeline.city_of(case) == "合肥"
        and (case.tier or Tier.LOW) >= Tier.MEDIUM
        and not plans[case.id].replies
    )
    story.site.fanzha("he", "cases", "note", called.id, "无人接听", "--unreached", quiet=True)
    notes = asyncio.run(_notes_of_call(story.url, called))
    for line in notes:
        say(line)
    story.expect("the robot's call: who has paid is handed over", True, "(paid)" in str(notes))
    story.site.fanzha("he", "warnings", "robot", "report")


async def _notes_of_call(url: str, case: Case) -> Sequence[str]:
    """Wait for the note of the call, and return its events."""
    client = connect(url)
    try:
        store = CaseStore(client)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                for event in await store.history(case.id):
                    if event.why.startswith("call 1, script"):
                        return event.why.split("; ")
                await asyncio.sleep(0.2)
    except TimeoutError:
        return []
    finally:
        await client.aclose()
