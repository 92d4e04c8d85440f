"""One device with many cards in the week of the province: found by its handset, handed over."""

import json
import time
import zipfile
from pathlib import Path
from typing import Any

from examples.lists_tour_site import heading, say
from examples.warning_demo import campaigns
from examples.warning_demo.story import Story
from fanzha.client import Call
from fanzha.v1 import interception_pb2 as pb

SETTINGS = {
    "FANZHA_DECISION_LOG_HANDSETS": "true",
    "FANZHA_DECISION_LOG_ALLOWED_ONE_IN": "1",
    "FANZHA_DECISION_LOG_FLUSH_SECONDS": "1",
}
"""Everything is logged, as nothing of it is blocked, and a demo has few calls."""
DEVICE = "35209900176148"
CARDS = [f"+86170000550{last:02}" for last in range(10, 18)]
_PATIENCE_SECONDS = 200.0


def hand_over(story: Story, folder: Path) -> None:
    """Let eight numbers call from one device, find them, and give them to public security."""
    heading("Thursday, too. Eight numbers call from one device; Li looks, Wang hands them over")
    callees = [campaigns.person("马鞍山", 60 + place) for place in range(len(CARDS))]
    story.site.client.decide_calls([
        Call(caller=card, callee=callee, ingress=pb.INGRESS_LOCAL, handset=DEVICE)
        for card, callee in zip(CARDS, callees, strict=True)
    ])  # fmt: skip
    found = _cluster(story)
    figures = found["evidence"]
    say(
        f"{found['size']} numbers, {figures['numbers_an_hour']:.0f} of them within an hour, "
        f"{found.get('blocked', 0)} calls blocked: no model and no list had seen them"
    )
    story.expect("numbers of the device", len(CARDS), found["size"])
    opened = story.site.json(
        "li", "incidents", "open", "一机多卡", "--cluster", f"same_handset:{found['common']}",
        "--since", "1d",
    )  # fmt: skip
    number = str(opened["incident_id"])
    story.site.fanzha("li", "incidents", "leads", "draft", number, "public_security", "--purpose",
                      "核查设备持有人", quiet=True)  # fmt: skip
    story.site.fanzha("wang", "incidents", "leads", "send", number, "1", "--yes", quiet=True)
    package = folder / "device.zip"
    story.site.fanzha("wang", "incidents", "leads", "get", number, "1", "--out", str(package))
    with zipfile.ZipFile(package) as file:
        facts = file.read("facts.json").decode()
    story.expect("numbers in the package", [], [card for card in CARDS if card not in facts])
    story.expect("it says why", True, "numbers_an_hour" in facts)
    story.expect("handsets in it", False, DEVICE in facts)


def _cluster(story: Story) -> dict[str, Any]:
    """Return the largest cluster of one device, once it is logged."""
    asked = ("incidents", "clusters", "--kind", "same_handset", "--since", "1d", "--json")
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            answer = json.loads(story.site.fanzha("li", *asked, quiet=True))
        except RuntimeError:
            answer = {"clusters": []}  # nothing is logged yet
        if answer["clusters"]:
            found: dict[str, Any] = answer["clusters"][0]
            return found
        if time.monotonic() > until:
            raise RuntimeError("the numbers of one device were not found")
        time.sleep(0.5)
