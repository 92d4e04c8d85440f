"""What the carrier's switch asks while the demo runs: ordinary traffic, and the campaigns of today.

A first burst makes campaigns and the graph of what is seen together; then a few requests a second
keep what is live alive.
"""

import random
import threading
from collections.abc import Sequence

from examples.province import places
from examples.province.campaigns import DAYS, FraudCampaign, active, all_campaigns
from examples.province.decisions import ORDINARY
from fanzha.client import Call, CallEnd, Client, Link, Text
from fanzha.v1 import interception_pb2 as pb

BURST_TEXTS, BURST_CALLS = 6_000, 800
_AT_ONCE = 200
_PAUSE_SECONDS = 0.5
_FRAUD = 0.12
_TALKED_MS = 45_000
_NEAR, _PEOPLE = 0.97, 14


class CarrierTraffic:
    """Sends traffic from a thread, until it is stopped."""

    def __init__(self, client: Client, *, seed: int = 17) -> None:
        self._client = client
        self._chance = random.Random(seed)  # noqa: S311 - the same traffic each time
        self._campaigns = active(all_campaigns(), DAYS - 1)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop it, and wait for its last request."""
        self._ended.set()
        self._thread.join()

    def burst(self) -> None:
        """Send what makes the campaigns of today."""
        for _ in range(BURST_TEXTS // _AT_ONCE):
            self._client.decide_texts(self._texts(_AT_ONCE, fraud=0.8))
        calls = self._calls(BURST_CALLS, fraud=0.3)
        self._client.decide_calls(calls)
        self._end(calls)

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE_SECONDS):
            calls = self._calls(8, fraud=_FRAUD)
            self._client.decide_calls(calls)
            self._end(calls)
            self._client.decide_texts(self._texts(6, fraud=_FRAUD))
            self._client.decide_links(self._visits(3, fraud=_FRAUD))

    def _end(self, calls: Sequence[Call]) -> None:
        ends = [
            CallEnd(caller=one.caller, callee=one.callee, answered=bool(place % 3),
                    duration_ms=_TALKED_MS if place % 3 else 0)
            for place, one in enumerate(calls)
        ]  # fmt: skip
        self._client.report_call_ends(ends)

    def _calls(self, count: int, *, fraud: float) -> list[Call]:
        made = []
        for _ in range(count):
            campaign = self._drawn(fraud)
            if campaign is None:
                made.append(Call(caller=self._person(), callee=self._person(),
                                 ingress=pb.INGRESS_LOCAL))  # fmt: skip
                continue
            ingress = pb.INGRESS_INTERNATIONAL if campaign.abroad else pb.INGRESS_INTERCONNECT
            caller = self._chance.choice(campaign.numbers).pattern
            made.append(Call(caller=caller, callee=self._victim(campaign), ingress=ingress))
        return made

    def _texts(self, count: int, *, fraud: float) -> list[Text]:
        made = []
        for _ in range(count):
            campaign = self._drawn(fraud)
            if campaign is None:
                body = self._chance.choice(ORDINARY)
                made.append(Text(sender=self._person(), receiver=self._person(), body=body))
                continue
            sender = self._chance.choice([*campaign.numbers[2:], *campaign.senders]).pattern
            # Of three numbers, one is not on the lists yet.
            if self._chance.random() < 0.4:  # noqa: PLR2004
                sender = f"{campaign.numbers[-1].pattern[:-1]}{self._chance.randrange(7, 10)}"
            text = campaign.text(self._chance.randrange(16**6))
            made.append(Text(sender=sender, receiver=self._victim(campaign), body=text))
        return made

    def _visits(self, count: int, *, fraud: float) -> list[Link]:
        made = []
        for _ in range(count):
            campaign = self._drawn(fraud)
            token = self._chance.randrange(4000)
            if campaign is None:
                url = f"https://site-{token % 900}.example/"
                made.append(Link(url=url, subscriber=self._person()))
                continue
            host = self._chance.choice(campaign.hosts).pattern
            made.append(Link(url=f"http://{host}/{token:x}", subscriber=self._victim(campaign)))
        return made

    def _drawn(self, fraud: float) -> FraudCampaign | None:
        return self._chance.choice(self._campaigns) if self._chance.random() < fraud else None

    def _person(self) -> str:
        return self._chance.choice(places.counties()).number(self._chance.randrange(places.PEOPLE))

    def _victim(self, campaign: FraudCampaign) -> str:
        # Few people, many times: each person of a campaign is a case.
        near = places.counties()[campaign.hot]
        if self._chance.random() < _NEAR:
            return near.number(self._chance.randrange(_PEOPLE))
        return self._chance.choice(places.counties()).number(0)
