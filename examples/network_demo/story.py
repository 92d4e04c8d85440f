"""The story of the demo: a campaign before and after it is listed, and after appeals."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import cycle, islice
from typing import Any

from rich.table import Table

from examples.lists_tour_site import console, heading, say
from examples.network_demo.networks import Networks
from tests.support.adapters import LISTED_HOST
from tests.support.processes import Running, eventually
from tests.support.sip_switch import SippCall, decision_id
from tests.support.sms_traffic import FRAUDSTER, HONEST, REFUSED, submit

VICTIM = "+8619900000001"
HONEST_HOST = "shop.example"
LINK_TEXT = f"您的贷款已批准，请点击 http://{LISTED_HOST}/pay 领取"
HONEST_TEXT = "您的快递已到驿站，请凭取件码领取"
FRAUD_SHARE = 10
"""One in so many calls, messages, look-ups and pages is of the campaign."""
REFUSED_CALL = 603


class NetworkStory:
    """Tells what happens, and checks it; each check that fails is in `wrong`."""

    def __init__(self, service: Running, networks: Networks, size: int) -> None:
        self._service = service
        self._networks = networks
        self._size = size
        self._number = 0
        self.found: dict[str, Any] = {}
        self.wrong: list[str] = []

    async def before(self) -> None:
        """Nothing knows the campaign yet: all of it passes."""
        heading("1. Before anybody knows the campaign")
        blocked = await self._blocked()
        say(f"Of one attempt in each network, blocked: {_names(blocked)}.")
        self._check("before the entry all pass", not any(blocked.values()))

    async def listed(self) -> None:
        """List number and host, and measure how soon each network acts on it."""
        heading("2. The bureau lists the number and the host")
        for entry in (FRAUDSTER, LISTED_HOST):
            added = ("blocklist", "add", entry, "--source", "province", "--reason", "campaign")
            await asyncio.to_thread(
                self._service.fanzha, *added, "--fraud-type", "fake_loan", "--by", "li"
            )
        say("Both changes are acknowledged; from here the seconds count.")
        self.found["seconds to block"] = await self._seconds_until(blocked=True)
        self._print_seconds("blocks after", self.found["seconds to block"])

    async def campaign(self) -> None:
        """Let the campaign run among honest traffic in all four networks."""
        heading("3. The campaign, among honest traffic")
        counts = {
            "calls (Kamailio, SIPp)": await asyncio.to_thread(self._calls),
            "messages (npm smpp, both ends)": await self._texts(),
            "look-ups (Unbound)": await asyncio.to_thread(self._look_ups),
            "pages (Envoy)": await asyncio.to_thread(self._pages),
        }
        table = Table("network", "attempts", "fraud", "fraud blocked", "honest blocked")
        for network, row in counts.items():
            table.add_row(network, *(f"{row[name]:,}" for name in _COUNTS))
            self._check(f"{network}: all fraud is blocked", row["blocked"] == row["fraud"])
            self._check(f"{network}: nothing honest is blocked", row["honest_blocked"] == 0)
        console.print(table)
        self.found["campaign"] = counts

    async def appeals(self) -> None:
        """Uphold an appeal by the id that a refused call bears, and one by a block page's."""
        heading("4. Two appeals, by the decision ids of a refused call and of a block page")
        refused = await asyncio.to_thread(self._networks.call, FRAUDSTER, VICTIM)
        page = await asyncio.to_thread(self._networks.page, LISTED_HOST)
        decisions = (str(decision_id(refused)), page.decision_id)
        numbers = [await asyncio.to_thread(self._take, decision) for decision in decisions]
        say("From here the seconds count, with the start of the commands in them.")
        upheld = [asyncio.create_task(asyncio.to_thread(self._uphold, one)) for one in numbers]
        lifted = await self._seconds_until(blocked=False)
        await asyncio.gather(*upheld)
        self.found["seconds to lift"] = lifted
        self._print_seconds("lets through after", lifted)

    def ended(self, seconds: float) -> None:
        """Say how long it took."""
        self.found["seconds"] = round(seconds, 1)
        say(f"{'All of it held' if not self.wrong else 'Not all of it held'}; {seconds:.0f} s.")

    def _calls(self) -> Mapping[str, int]:
        parties = [(FRAUDSTER, VICTIM), *[(f"+861700000{at:04}", VICTIM) for at in range(1, 10)]]
        made = self._networks.calls(parties, count=self._size, rate=100)
        refused = [call for call in made if call.status == REFUSED_CALL]
        return _row(made, _is_fraud, refused)

    async def _texts(self) -> Mapping[str, int]:
        kinds = [(FRAUDSTER, HONEST_TEXT), (HONEST, LINK_TEXT), *[(HONEST, HONEST_TEXT)] * 18]
        pdus, fraud = [], []
        for at, (source, text) in enumerate(islice(cycle(kinds), self._size)):
            parts = submit(at, text, source)
            pdus += parts
            fraud += [source == FRAUDSTER or text == LINK_TEXT] * len(parts)
        ledger = await self._networks.texts(pdus)
        refused = [status == REFUSED for status in ledger.statuses]
        return {
            "attempts": len(fraud),
            "fraud": sum(fraud),
            "blocked": sum(bad and no for bad, no in zip(fraud, refused, strict=True)),
            "honest_blocked": sum(no and not bad for bad, no in zip(fraud, refused, strict=True)),
        }

    def _look_ups(self) -> Mapping[str, int]:
        hosts = [_host(at) for at in range(self._size)]
        blocked = [host for host in hosts if self._networks.name_is_blocked(host)]
        return _row(hosts, lambda host: host == LISTED_HOST, blocked)

    def _pages(self) -> Mapping[str, int]:
        hosts = [_host(at) for at in range(self._size)]
        blocked = [
            host for at, host in enumerate(hosts) if self._networks.page(host, f"/{at}").blocked
        ]
        return _row(hosts, lambda host: host == LISTED_HOST, blocked)

    def _take(self, decision: str) -> str:
        fanzha = self._service.fanzha
        person = ("--name", "张三", "--contact", "+8619900000002", "--grounds", "误拦")
        # The record of a decision is written a moment after its answer.
        eventually(
            lambda: fanzha("appeals", "open", decision, *person, check=False).returncode == 0
        )
        opened = json.loads(fanzha("appeals", "open", decision, *person, "--json").stdout)
        number = str(opened["appeal"]["appeal_id"])
        fanzha("appeals", "take", number, "--by", "zhao")
        say(f"Appeal {number} is against decision {decision}; Zhao takes it into review.")
        return number

    def _uphold(self, number: str) -> None:
        said = ("--reason", "误拦", "--by", "zhao")
        self._service.fanzha("appeals", "decide", number, "upheld", *said)

    async def _blocked(self) -> dict[str, bool]:
        return {name: await ask() for name, ask in self._asks().items()}

    def _asks(self) -> dict[str, Callable[[], Awaitable[bool]]]:
        networks = self._networks

        async def called() -> bool:
            made = await asyncio.to_thread(networks.call, FRAUDSTER, VICTIM)
            return made.status == REFUSED_CALL

        async def texted() -> bool:
            self._number += 1
            ledger = await networks.texts(submit(90_000 + self._number, LINK_TEXT))
            return REFUSED in ledger.statuses

        async def looked_up() -> bool:
            return await asyncio.to_thread(networks.name_is_blocked, LISTED_HOST)

        async def opened() -> bool:
            self._number += 1
            return (await asyncio.to_thread(networks.page, LISTED_HOST, f"/{self._number}")).blocked

        return {"calls": called, "messages": texted, "names": looked_up, "pages": opened}

    async def _seconds_until(self, *, blocked: bool) -> dict[str, float]:
        began = time.monotonic()

        async def wait(ask: Callable[[], Awaitable[bool]]) -> float:
            while await ask() is not blocked:
                if time.monotonic() - began > _PATIENCE:
                    return float("inf")
                await asyncio.sleep(0.02)
            return time.monotonic() - began

        asks = self._asks()
        seconds = await asyncio.gather(*(wait(ask) for ask in asks.values()))
        found = dict(zip(asks, (round(one, 2) for one in seconds), strict=True))
        self._check(f"all networks {'block' if blocked else 'lift'}", max(seconds) < _PATIENCE)
        return found

    def _print_seconds(self, what: str, seconds: Mapping[str, float]) -> None:
        say("A call takes a new SIPp, a message a new client: their starts are in the seconds.")
        table = Table("network", f"{what} (s)")
        for network, one in seconds.items():
            table.add_row(network, f"{one:.2f}")
        console.print(table)

    def _check(self, what: str, holds: bool) -> None:
        say(f"{'✓' if holds else '✗'} {what}")
        if not holds:
            self.wrong.append(what)


_COUNTS = ("attempts", "fraud", "blocked", "honest_blocked")
_PATIENCE = 60.0


def _row(made: Any, is_fraud: Callable[[Any], bool], blocked: Any) -> Mapping[str, int]:
    return {
        "attempts": len(made),
        "fraud": sum(map(is_fraud, made)),
        "blocked": sum(map(is_fraud, blocked)),
        "honest_blocked": sum(not is_fraud(one) for one in blocked),
    }


def _is_fraud(call: SippCall) -> bool:
    return call.caller.lstrip("+") == FRAUDSTER.lstrip("+")


def _host(at: int) -> str:
    return LISTED_HOST if at % FRAUD_SHARE == 0 else HONEST_HOST


def _names(blocked: Mapping[str, bool]) -> str:
    return ", ".join(name for name, is_blocked in blocked.items() if is_blocked) or "none"
