"""A week of a province at work, in minutes: ``make demo-province``.

Starts ``fanzha up`` with an embedded Valkey and a real SMPP server, and lets the bureau, a carrier,
the desk of a city and simulated people do a week's work: lists, traffic, warnings, the robot's
dialogues, incidents with leads (one about a device with many cards), an entity that must leave, a
campaign that educates, outcomes, tasks and the assessment of the month. A day takes seconds here;
the behaviour of people is made up (`people`), so figures of dissuasion are simulated. Ends by
itself. Exit status 1 when something that must hold does not, 2 when it cannot run here.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from examples.lists_tour_site import heading, say, site
from examples.province_demo import robot_call, sim_bank
from examples.province_demo.education import educate
from examples.province_demo.week import ProvinceWeek
from examples.warning_demo import campaigns, files
from examples.warning_demo.story import Story
from tests.support.processes import run_in
from tests.support.smsc import MessageCentre, NoMessageCentre, message_centre

PEOPLE = {
    "li": ("editor",),
    "wang": ("approver",),
    "ma": ("approver",),
    "gateway": ("carrier",),
    "he": ("dispatcher@3401",),
    "chen": ("auditor",),
    "yu": ("operator",),
}
UNITS = """
[bureau]
name = "省通信管理局"
level = "province"

[hefei]
name = "合肥市反诈中心"
level = "city"
region = "3401"

[maanshan]
name = "马鞍山市反诈中心"
level = "city"
region = "3405"
"""


def main(
    *,
    people: Annotated[int, typer.Option(min=12, max=240, help="People of each wave.")] = 60,
    result: Annotated[Path | None, typer.Option(help="Write what was found to this file.")] = None,
) -> None:
    """Live through a week; two to five minutes, three with 60 people on two busy cores."""
    try:
        found, wrong = asyncio.run(_run(people))
    except NoMessageCentre as error:
        sys.stderr.write(f"the demo cannot run here: {error}\n")
        raise typer.Exit(2) from error
    if result is not None:
        result.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    if wrong:
        sys.stderr.write(f"did not hold: {'; '.join(wrong)}\n")
        raise typer.Exit(1)


async def _run(people: int) -> tuple[dict[str, Any], list[str]]:
    loop = asyncio.get_running_loop()
    async with message_centre() as centre, robot_call.phone_settings() as phone:
        await centre.order(delay=50)
        return await asyncio.to_thread(_live, people, centre, loop, phone)


def _live(
    people: int, centre: MessageCentre, loop: asyncio.AbstractEventLoop, phone: dict[str, str]
) -> tuple[dict[str, Any], list[str]]:
    began = time.monotonic()
    with TemporaryDirectory(prefix="fanzha-province-") as name:
        folder = Path(name)
        settings = files.write(folder)
        (folder / "units.toml").write_text(UNITS, encoding="utf-8")
        settings |= {
            "FANZHA_WARNING_SMPP_ADDRESS": f"127.0.0.1:{centre.port}",
            "FANZHA_WARNING_ROBOT": "true",
            "FANZHA_ASSESSMENT_UNITS_FILE": str(folder / "units.toml"),
            **sim_bank.SETTINGS,
            **phone,
        }
        with site(folder, PEOPLE, settings, runner=run_in) as place:
            story = Story(place, centre, people)
            week = ProvinceWeek(story, folder, loop)
            heading("Monday. The bureau lists three campaigns, and the carrier blocks them")
            story.lists(folder / "list.csv")
            seen = story.cases(story.traffic())
            week.warned(seen)
            week.dialogues(seen)
            robot_call.call(story, seen, week.plans, can_speak=bool(phone))
            incident = week.incident(seen)
            sim_bank.hand_over(story, folder)
            week.entity()
            educate(story, folder)
            week.desk(seen)
            week.answered(incident)
            week.assessed(seen, f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m}")
    heading("What it took")
    say(f"{time.monotonic() - began:.0f} s; everything that was started has ended")
    say(
        "people are simulated (examples/province_demo/people.py): what they did says nothing of "
        f"real ones. {campaigns.SEED} is the seed of the traffic"
    )
    return story.found, story.wrong


if __name__ == "__main__":
    typer.run(main)
