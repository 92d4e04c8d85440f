"""The story of the demo in parts; each checks expectations, and continues if one fails."""

import io
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.table import Table

from examples import lists_tour_site
from examples.lists_tour_site import Site, heading, say
from examples.warning_demo import campaigns, files, pipeline
from examples.warning_demo.campaigns import Traffic
from examples.warning_demo.pipeline import Seen
from fanzha.client import Answer, Call, CallEnd, RequestFailed
from fanzha.v1 import decision_pb2
from services.cli._common.enum_words import wire_word
from services.warning.channels import sms_parts
from services.warning.model import Tier
from tests.support.smsc import MessageCentre

_WIDTH = 110
_REPORT_LINES = 40


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show a table, numbers right-aligned."""
    shown = Table(*heads, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*row)
    for column in shown.columns:
        if all(str(cell).isdigit() for cell in column.cells):
            column.justify = "right"
    lists_tour_site.console.print(shown)
    paper = Console(file=io.StringIO(), width=_WIDTH)
    paper.print(shown)
    lines = [line.rstrip() for line in paper.file.getvalue().splitlines()]  # type: ignore[attr-defined]
    lists_tour_site.page.append("\n".join(["```text", *lines, "```\n"]))


_LISTED_SECONDS = 90.0
_TIERS = {1: "低 low", 2: "中 medium", 3: "高 high"}


@dataclass(slots=True)
class Story:
    """Runs the story. The test of the demo reads `found`."""

    site: Site
    centre: MessageCentre
    people: int
    found: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """URL of the store."""
        return (self.site.data / "valkey" / "url").read_text().strip()

    def expect(self, what: str, expected: object, got: object) -> None:
        """Check an expectation and print the result."""
        holds = expected == got
        say(f"{'✓' if holds else '✗'} {what}: {got}" + ("" if holds else f", not {expected}"))
        self.found[what] = got
        if not holds:
            self.wrong.append(what)

    def lists(self, file: Path) -> None:
        """Put the campaigns on the list, by a change that a second person approves."""
        heading("1. The bureau lists what three campaigns use; Wang approves what Li imported")
        answer = self.site.json("li", "blocklist", "import", str(file), "--source", "bureau",
                                "--reason", "三起案件串并")  # fmt: skip
        self.expect("refused by the guard (110)", files.REFUSED, answer["refused"])
        self.site.fanzha("wang", "changes", "approve", str(answer["change_id"]))
        until = time.monotonic() + _LISTED_SECONDS
        call = Call(caller=campaigns.COURIER, callee=campaigns.person("合肥", 91))
        # As somebody who looks, not as the carrier: the first block is the first case.
        while not self.site.client.decide_call(call).list_version and time.monotonic() < until:
            time.sleep(0.05)

    def early(self) -> set[tuple[str, str]]:
        """Let the first calls of the one-ring wave through, before it is listed."""
        heading(
            "0. Before the number is listed: the one-ring wave begins, and its calls get through"
        )
        traffic = campaigns.early()
        answers = self.site.client.decide_calls(traffic.calls)
        ends = [
            # One in four picks up, and talks.
            CallEnd(caller=call.caller, callee=call.callee, answered=place % 4 == 0,
                    duration_ms=75_000 if place % 4 == 0 else 0)
            for place, call in enumerate(traffic.calls)
        ]  # fmt: skip
        answer = self.site.client.report_call_ends(ends)
        self.expect(
            "early calls let through", len(answers), sum(not one.blocked for one in answers)
        )
        say(f"{answer.accepted} ends of calls reported")
        return traffic.at_risk

    def backfill(self, early: set[tuple[str, str]]) -> None:
        """Warn the people that the wave reached before it was listed; they are counted already."""
        heading("3. The service has counted whom the wave reached before; Wang starts the backfill")
        until = time.monotonic() + _LISTED_SECONDS
        # Decisions and call ends reach the log after a few seconds, and are counted then.
        while True:
            pending = self.site.json("wang", "warnings", "backfill", "list", quiet=True)
            persons = sum(int(one.get("count", {}).get("persons", 0)) for one in pending)
            if persons >= len(early) or time.monotonic() > until:
                break
            time.sleep(1)
        self.expect("people whom the wave had reached", len(early), persons)
        self.site.fanzha("wang", "warnings", "backfill", "list")
        for one in pending:
            self.site.fanzha(
                "wang",
                "warnings",
                "backfill",
                "start",
                one["backfill_id"],
                "--yes",
                most=_REPORT_LINES,
            )

    def traffic(self) -> set[tuple[str, str]]:
        """Replay everything; return who is at risk by which campaign."""
        heading("2. The carrier has each text and call decided: InterceptionService")
        counts: list[tuple[str, ...]] = []
        at_risk: set[tuple[str, str]] = set()
        parts = {
            "bank link, then calls from abroad": campaigns.bank(self.people),
            "one-ring wave": campaigns.one_ring(self.people),
            "fake-loan texts": campaigns.loan(self.people),
            "a parcel service, listed by mistake": campaigns.courier(),
            "ordinary calls and texts": campaigns.ordinary(self.people),
        }
        for name, part in parts.items():
            texts, calls = self._decided(part)
            counts += [(name, "text", *cells) for cells in _by_reason(texts)]
            counts += [(name, "call", *cells) for cells in _by_reason(calls)]
            at_risk |= part.at_risk
            blocked = sum(answer.blocked for answer in (*texts, *calls))
            expected = len(part.texts) + len(part.calls) if part.at_risk else 0
            self.expect(f"{name}: blocked", expected, blocked)
        table(("campaign", "channel", "decision", "why", "rows"), counts)
        return at_risk | self._confirm()

    def cases(self, at_risk: set[tuple[str, str]]) -> Seen:
        """Show the cases made from the hits."""
        heading("4. fanzha warn makes a case for each person and campaign, and warns by SMPP")
        seen = pipeline.wait_for(self.url, lambda now: _settled(now, len(at_risk)))
        self.expect("cases, one for each person and campaign", len(at_risk), len(seen.cases))
        rows = Counter((pipeline.city_of(case), int(case.tier or 0)) for case in seen.cases)
        table(("city", *_TIERS.values(), "cases"), [
            (city, *(str(rows[city, tier]) for tier in _TIERS),
             str(sum(rows[city, tier] for tier in _TIERS)))
            for city in sorted({city for city, _ in rows})
        ])  # fmt: skip
        both = sum(len(case.channels) > 1 for case in seen.cases)
        say(f"{both} people got the text of the bank and then a call: one case each. For "
            f"{seen.raised} of them the call raised the tier after a warning was due")  # fmt: skip
        return seen

    def messages(self, seen: Seen) -> None:
        """Compare both sides of SMPP."""
        heading("5. Both sides of SMPP agree: what was sent, and what the message centre has")
        got = self.centre.of("message")
        sent = seen.sms("sent", "delivered", "failed")
        self.expect("messages at the message centre", sent, len(got))
        twice = sum(number > 1 for number in Counter((m["to"], m["text"]) for m in got).values())
        self.expect("the same text to the same person twice", 0, twice)
        gone = sum(one["to"].endswith(campaigns.UNREACHABLE) for one in got)
        doubt = seen.in_doubt
        self.expect("receipts: delivered", sent - gone - doubt, seen.sms("delivered"))
        self.expect("receipts: phone switched off", gone, seen.sms("failed") - doubt)
        if doubt:
            say(f"in doubt, because the message centre took long to answer: {doubt}")
        parts = sum(one["parts"] for one in got)
        say(f"{sent} messages in {parts} submit_sm, {len(self.centre.of('receipted'))} receipts "
            "answered. One of them, as the phone shows it:")  # fmt: skip
        example = max(got, key=lambda one: (campaigns.LOAN_SENDER in one["text"], one["to"]))
        size = len(sms_parts.cut(example["text"], 0).bodies)
        say(f"“{example['text']}” ({size} parts)")

    def escalations(self) -> None:
        """Show who is called and visited because no message reached them, or it is urgent."""
        heading("6. No answer, or too urgent to wait: a call, then a visit")
        seen = pipeline.wait_for(self.url, _escalated)
        due = pipeline.due(seen.cases)
        self.expect("in the queue of the call centre", due.voice, seen.queues["voice"])
        self.expect("in the queue for visits", due.in_person, seen.queues["in_person"])
        pending = sum(case.needs_person for case in seen.cases if case.tier is Tier.LOW)
        self.expect("low, no message arrived: a person is needed", due.needs_person, pending)

    def report(self, seen: Seen) -> None:
        """Show the figures that a bureau reports."""
        heading("8. The report of the bureau; He gets the cases of 合肥 only")
        self.site.fanzha("chen", "report", "warnings", "--since", "1h", "--group-by", "city",
                         "--language", "en", most=_REPORT_LINES)  # fmt: skip
        counts = {
            who: self.site.json(who, "report", "warnings", "--since", "1h", quiet=True)
            for who in ("chen", "he")
        }
        ours = sum(pipeline.city_of(case) == "合肥" for case in seen.cases)
        self.expect("cases in the report", len(seen.cases), _cases_of(counts["chen"]))
        self.expect("cases in the report of 合肥", ours, _cases_of(counts["he"]))

    def _confirm(self) -> set[tuple[str, str]]:
        """Confirm what only a rule suspected, so that it becomes a hit."""
        traffic = campaigns.forged()
        (answer,) = self.site.client.decide_calls(traffic.calls)
        say(f"a domestic number on an international trunk is blocked without a list "
            f"({_reason(answer)}); Wang confirms it as fraud")  # fmt: skip
        until = time.monotonic() + _LISTED_SECONDS
        while True:
            try:
                self.site.client.confirm_hit(
                    answer.decision_id, confirmed_by="wang", note="来电显示为伪造"
                )
                break
            except RequestFailed:
                # A hit is stored shortly after its decision.
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        return traffic.at_risk

    def _decided(self, part: Traffic) -> tuple[Sequence[Answer], Sequence[Answer]]:
        client = self.site.client
        return (
            client.decide_texts(part.texts) if part.texts else [],
            client.decide_calls(part.calls) if part.calls else [],
        )


def _settled(seen: Seen, cases: int) -> bool:
    under_way = seen.sms("queued", "sent")
    return len(seen.cases) >= cases and not under_way and all(map(pipeline.sms_of, seen.cases))


def _escalated(seen: Seen) -> bool:
    due = pipeline.due(seen.cases)
    pending = sum(case.needs_person for case in seen.cases if case.tier is Tier.LOW)
    return seen.queues["in_person"] >= due.in_person and pending >= due.needs_person


def _cases_of(report: Mapping[str, Any]) -> int:
    return int(report["all"]["cases"])


def _by_reason(answers: Sequence[Answer]) -> list[tuple[str, str, str]]:
    counts = Counter(
        ("block" if answer.blocked else "allow", _reason(answer)) for answer in answers
    )
    return [(*key, str(count)) for key, count in sorted(counts.items())]


def _reason(answer: Answer) -> str:
    return wire_word(decision_pb2.Reason, cast(Any, answer.reason))
