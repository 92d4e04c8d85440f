"""From three waves of fraud to people who were warned: ``make demo-warning``.

Starts ``fanzha up`` with an embedded Valkey and a real SMPP server, replays traffic through gRPC,
and follows it: cases, messages, receipts, calls and visits, and a mistake that is taken back. Ends
by itself, in a minute or two, with everything that it started. Exit status 1 when something that
must hold does not, 2 when it cannot run here.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from examples import lists_tour_site
from examples.lists_tour_site import heading, say, site
from examples.warning_demo import campaigns, desk, files
from examples.warning_demo.story import Story
from tests.support.smsc import MessageCentre, NoMessageCentre, message_centre

PEOPLE = {
    "li": ("editor",),
    "wang": ("approver",),
    "gateway": ("carrier",),
    "he": ("dispatcher@3401",),
    "chen": ("auditor",),
}
_HEAD = """# From three waves of fraud to people who were warned

You follow three waves of fraud to people who get a warning by SMS, with Li (editor), Wang
(approver), He (dispatcher of 合肥) and Chen (auditor). `make demo-warning` runs it on your machine
in two minutes, with a real SMPP server (`smpp` for node); `python -m examples.warning_demo --page`
wrote this page. Each ✓ is a check that fails the command. All persons are invented, all numbers are
unassigned or reserved for fiction. What takes hours takes seconds here.
"""


def main(
    *,
    people: Annotated[int, typer.Option(min=12, max=240, help="People of each wave.")] = 90,
    result: Annotated[Path | None, typer.Option(help="Write what was found to this file.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write the story to this file.")] = None,
) -> None:
    """Tell the story; a minute or two."""
    try:
        found, wrong = asyncio.run(_run(people))
    except NoMessageCentre as error:
        sys.stderr.write(f"the demo cannot run here: {error}\n")
        raise typer.Exit(2) from error
    if result is not None:
        result.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    if page is not None:
        page.write_text(_HEAD + "\n".join(lists_tour_site.page))
    if wrong:
        sys.stderr.write(f"did not hold: {'; '.join(wrong)}\n")
        raise typer.Exit(1)


async def _run(people: int) -> tuple[dict[str, Any], list[str]]:
    async with message_centre() as centre:
        await centre.order(unreachable=campaigns.UNREACHABLE, delay=50)
        return await asyncio.to_thread(_tell, people, centre)


def _tell(people: int, centre: MessageCentre) -> tuple[dict[str, Any], list[str]]:
    began = time.monotonic()
    with TemporaryDirectory(prefix="fanzha-warning-") as name:
        folder = Path(name)
        settings = files.write(folder)
        settings["FANZHA_WARNING_SMPP_ADDRESS"] = f"127.0.0.1:{centre.port}"
        with site(folder, PEOPLE, settings) as place:
            story = Story(place, centre, people)
            early = story.early()
            story.lists(folder / "list.csv")
            at_risk = story.traffic()
            story.backfill(early)
            seen = story.cases(at_risk | early)
            story.messages(seen)
            story.escalations()
            desk.closed(story, seen)
            desk.taken_back(story, seen)
            story.report(seen)
    heading("What it took")
    say(f"{time.monotonic() - began:.0f} s; everything that was started has ended")
    return story.found, story.wrong


if __name__ == "__main__":
    typer.run(main)
