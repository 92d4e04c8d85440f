"""A campaign of the week: elders are taught about false authorities, and some are held out."""

import time
from collections import Counter
from pathlib import Path

from examples.lists_tour_site import heading, say
from examples.warning_demo.story import Story
from services.warning.messages import linter

_PEOPLE, _WITHOUT = 60, 5
_PATIENCE_SECONDS = 120.0


def educate(story: Story, folder: Path) -> None:
    """Friday, too: He drafts a campaign, Wang approves it, and it is sent behind all warnings."""
    heading("Friday, too. Elders are taught by SMS; one in five is held out, to measure by")
    site, before = story.site, len(story.centre.of("message"))
    added = site.json("yu", "education", "create", "十二月宣传", "--occasion", "month",
                      "--fraud-type", "impersonate_authority", "--age-band", "60+",
                      "--hold-out", "20", "--start", "1s", "--end", "7d")  # fmt: skip
    number = str(added["campaign_id"])
    site.fanzha("yu", "education", "recipients", number, str(_recipients(folder)))
    seen = site.json("wang", "education", "preview", number)
    site.fanzha("wang", "education", "approve", number, "--revision",
                str(seen["campaign"]["revision"]), quiet=True)  # fmt: skip
    to_send = int(seen["people"]["to_send"])
    until = time.monotonic() + _PATIENCE_SECONDS
    while _delivered(story, number) < to_send and time.monotonic() < until:
        time.sleep(0.5)
    got = Counter(one["to"] for one in story.centre.of("message")[before:]
                  if one["to"].startswith("8617009"))  # fmt: skip
    story.expect("people taught", to_send, len(got))
    story.expect("messages to one of them", 1, max(got.values()))
    texts = {one["text"] for one in story.centre.of("message")[before:]}
    story.expect(
        "texts that the linter would refuse", 0, sum(bool(linter.faults(t)) for t in texts)
    )
    reached = ("--day", "2026-01-02", "--people", "80", "--material", "120")
    site.fanzha("yu", "education", "event", number, "示例社区", "--occasion", "communities",
                *reached, quiet=True)  # fmt: skip
    site.fanzha("chen", "education", "report", number)
    say("the days after have only begun: what it changed is known in a month")


def _delivered(story: Story, number: str) -> int:
    people = story.site.json("yu", "education", "show", number, quiet=True)["people"]
    return int(people.get("delivered", 0))


def _recipients(folder: Path) -> Path:
    file = folder / "elders.csv"
    rows = [f"+8617009{at:06},340100,60+,营业厅服务协议,2026-05-31" for at in range(_PEOPLE)]
    rows += [f"+8617008{at:06},340100,60+,," for at in range(_WITHOUT)]
    file.write_text("number,region,age_band,consent_source,consent_day\n" + "\n".join(rows) + "\n")
    return file
