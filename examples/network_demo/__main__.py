"""One campaign in four networks, and an appeal that lifts it everywhere: ``make demo-network``.

Starts ``fanzha up`` and four adapters with real servers around them (Kamailio and SIPp, npm smpp at
both ends, Unbound, Envoy), lets a campaign of fraud use all four among honest traffic, lists it,
and shows what was blocked where. Then two appeals are upheld. Ends by itself, in a minute or two,
with everything that it started. Exit status 1 when something that must hold does not, 2 when it
cannot run here.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from _pytest.outcomes import Failed, Skipped

from examples.network_demo.networks import networks
from examples.network_demo.story import NetworkStory
from tests.support.processes import LEAN, fanzha_up
from tests.support.smsc import NoMessageCentre

REDRESS = "https://appeal.example/"


def main(
    *,
    size: Annotated[
        int,
        typer.Option(min=20, max=5000, help="Calls, messages, look-ups and pages of each kind."),
    ] = 400,
    result: Annotated[Path | None, typer.Option(help="Write what was found to this file.")] = None,
) -> None:
    """Tell the story."""
    try:
        story = asyncio.run(_run(size))
    except (NoMessageCentre, Skipped, Failed) as error:
        sys.stderr.write(f"the demo cannot run here: {error}\n")
        raise typer.Exit(2) from error
    if result is not None:
        result.write_text(json.dumps(story.found, ensure_ascii=False, indent=2) + "\n")
    if story.wrong:
        sys.stderr.write(f"did not hold: {'; '.join(story.wrong)}\n")
        raise typer.Exit(1)


async def _run(size: int) -> NetworkStory:
    began = time.monotonic()
    with TemporaryDirectory(prefix="fanzha-network-") as name:
        folder = Path(name)
        settings = LEAN | {"FANZHA_REDRESS_URL": REDRESS}
        with fanzha_up(folder, workers=1, **settings) as service:
            async with networks(service, folder) as running:
                story = NetworkStory(service, running, size)
                await story.before()
                await story.listed()
                await story.campaign()
                await story.appeals()
    story.ended(time.monotonic() - began)
    return story


if __name__ == "__main__":
    typer.run(main)
