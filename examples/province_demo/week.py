"""A week of the province in seven parts; each checks expectations, and goes on if one fails."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from examples.lists_tour_site import heading, say
from examples.province_demo import people
from examples.province_demo.people import PersonPlan
from examples.warning_demo import campaigns, pipeline
from examples.warning_demo.pipeline import Seen
from examples.warning_demo.story import Story, table
from infra.redis.client import connect
from services.warning.cases.model import Case
from services.warning.messages import linter
from services.warning.model import Tier
from services.warning.robot.store import RobotStore

_PATIENCE_SECONDS = 200.0
_WITHIN_MS = 60_000
_TRANSCRIPTS = 4


class ProvinceWeek:
    """The days after the lists were filled and the campaigns blocked."""

    def __init__(self, story: Story, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        """*loop* is that of the message centre."""
        self.story = story
        self._loop = loop
        self.folder = folder
        self.plans: dict[str, PersonPlan] = {}

    def warned(self, seen: Seen) -> None:
        """Tuesday: who was exposed is warned; how fast, and by what words."""
        heading("Tuesday. Who was exposed is warned by SMS")
        warned = [case for case in seen.cases if case.warned_at_ms]
        fast = sum(case.warned_at_ms - case.occurred_at_ms <= _WITHIN_MS for case in warned)
        tiers = Counter((case.tier or Tier.LOW).name.lower() for case in seen.cases)
        say(
            f"{len(seen.cases)} people at risk, {len(warned)} warned, {fast} of them within a "
            f"minute of the event; by tier: {dict(tiers)}"
        )
        self.story.expect("everybody at risk is warned", len(seen.cases), len(warned))
        self.story.found["warned within a minute"] = fast
        self._lint("warnings that the linter would refuse")

    def dialogues(self, seen: Seen) -> None:
        """Wednesday: people write back, and the robot answers."""
        heading("Wednesday. People write back; the robot answers, and hands over")
        self.plans = {case.id: people.plan(case) for case in seen.cases}
        latest = self._latest(seen.cases)
        # Whatever the seed: at least one of the week has paid, and says so.
        self.plans[latest[0].id] = people.PAID
        talking = [case for case in latest if self.plans[case.id].replies]
        for place, case in enumerate(talking):
            lines = [f"{meaning} {line}" for meaning, line in self._talk(case)]
            if place < _TRANSCRIPTS:
                say(" / ".join(lines))
        say(f"{len(talking)} people have written back")
        paid = {c.id for c in talking if any(m == "paid" for m, _ in self.plans[c.id].replies)}
        now = {case.id: case for case in pipeline.look(self.story.url).cases}
        over = sum(now[one].needs_person and now[one].tier is Tier.HIGH for one in paid)
        self.story.expect("people who have paid: handed over at tier high", len(paid), over)
        self.story.site.fanzha("he", "warnings", "robot", "report")
        self._lint("messages that the linter would refuse, the robot's too")

    def incident(self, seen: Seen) -> str:
        """Thursday: an incident joins what belongs together; a lead goes to a department."""
        heading("Thursday. An incident joins it all; Wang hands a lead to market regulation")
        cases = [case.id for case in seen.cases if case.campaign == f"campaign:{campaigns.BANK}"]
        joined = [part for case in cases[:5] for part in ("--case", case)]
        opened = self.story.site.json(
            "li", "incidents", "open", "冒充银行链接", "--fraud-type", "fake_customer_service",
            "--subject", campaigns.BANK_HOST, *joined,
        )  # fmt: skip
        number = str(opened["incident_id"])
        for stage, note in (("warning", "已预警全部接触者"), ("disposal", "链接与号段已封堵"),
                            ("tracking", "等待答复")):  # fmt: skip
            self.story.site.fanzha("li", "incidents", "move", number, stage, "--note", note,
                                   quiet=stage != "tracking")  # fmt: skip
        self.story.site.fanzha("li", "incidents", "leads", "draft", number, "market_regulation",
                               "--purpose", "核查假冒主体", quiet=True)  # fmt: skip
        self.story.site.fanzha("wang", "incidents", "leads", "send", number, "1", "--yes",
                               quiet=True)  # fmt: skip
        package = self.folder / "lead.zip"
        self.story.site.fanzha("wang", "incidents", "leads", "get", number, "1", "--out",
                               str(package))  # fmt: skip
        checked = self.story.site.json("chen", "incidents", "leads", "verify", str(package))
        people_in_it = [c.victim for c in seen.cases if c.victim.encode() in package.read_bytes()]
        self.story.expect("the package is whole", True, checked["good"])
        self.story.expect("numbers of people in it", [], people_in_it)
        self.story.site.fanzha("li", "incidents", "leads", "receive", number, "1", "--receipt",
                               "收〔2026〕7号")  # fmt: skip
        return number

    def entity(self) -> None:
        """Friday: a company that must leave is closed, step by step."""
        heading("Friday. The loan platform must leave: step by step, until Wang closes it")
        added = self.story.site.json(
            "li", "entities", "add", "轻松贷（示例）", "--cleanup", "2026 网贷清退", "--host",
            "easy-loan.example", "--region", "34",
        )  # fmt: skip
        number = str(added["entity_id"])
        self.story.site.fanzha("li", "entities", "propose", number)
        for step in added["steps"]:
            self.story.site.fanzha("li", "entities", "settle", number, step["name"], "--document",
                                   f"示例文〔2026〕{step['name']}", quiet=True)  # fmt: skip
        closed = self.story.site.json("wang", "entities", "close", number, "--yes")
        self.story.expect("the platform is closed by", "wang", closed["closed_by"])

    def desk(self, seen: Seen) -> None:
        """Saturday: the desk talks to people, and records how it ended."""
        heading("Saturday. The desk of 合肥 records how it ended (simulated people)")
        ours = [case for case in seen.cases if pipeline.city_of(case) == "合肥"]
        for place, case in enumerate(ours):
            plan = self.plans[case.id]
            lost = ("--lost", str(plan.lost_yuan)) if plan.lost_yuan else ()
            self.story.site.fanzha("he", "cases", "take", case.id, quiet=True)
            self.story.site.fanzha("he", "cases", "close", case.id, plan.outcome, *lost, "--reason",
                                   "电话核实", quiet=place > 0)  # fmt: skip
        ends = Counter((c.tier or Tier.LOW, self.plans[c.id].outcome) for c in ours)
        table(("tier", "safe", "lost money", "false alarm"), [
            (tier.name.lower(), *(str(ends[tier, end]) for end in
                                  ("safe", "lost_money", "false_alarm")))
            for tier in Tier
        ])  # fmt: skip
        safe = sum(ends[tier, "safe"] for tier in Tier)
        self.story.expect("cases closed by the desk", len(ours), sum(ends.values()))
        self.story.found["simulated: dissuaded, of closed cases"] = f"{safe} of {len(ours)}"

    def answered(self, number: str) -> None:
        """Sunday morning: the department answers, and the incident is closed."""
        heading("Sunday. The department answers; Ma closes the incident")
        self.story.site.fanzha("li", "incidents", "leads", "answer", number, "1", "--outcome",
                               "penalty", "--document", "罚〔2026〕7号", quiet=True)  # fmt: skip
        closed = self.story.site.json("ma", "incidents", "close", number, "--note", "已处罚",
                                      "--yes")  # fmt: skip
        self.story.expect("the incident is", "closed", closed["stage"])

    def assessed(self, seen: Seen, month: str) -> None:
        """Sunday evening: the map's data, and the assessment of the month."""
        heading("Sunday evening. Tasks, the map, and the assessment of the month")
        task = self.story.site.json("li", "assessment", "tasks", "open", "清理语音专线", "--unit",
                                    "hefei", "--due", "1d")  # fmt: skip
        number = str(task["task_id"])
        self.story.site.fanzha("li", "assessment", "tasks", "done", number, "--document", "报告7",
                               quiet=True)  # fmt: skip
        self.story.site.fanzha("wang", "assessment", "tasks", "confirm", number)
        self.story.site.fanzha("chen", "report", "map", "--since", "1h")
        page = self.folder / "assessment.html"
        self.story.site.fanzha("chen", "assessment", "score", month, "--html", str(page), most=40)
        made = self.story.site.json("chen", "assessment", "score", month, quiet=True)
        by_unit = {one["unit"]: one for one in made["scores"]}
        here = sum(pipeline.city_of(case) == "合肥" for case in seen.cases)
        self.story.expect("cases of 合肥 in the assessment", here, int(by_unit["hefei"]["cases"]))
        self.story.expect("合肥 has a rank", True, by_unit["hefei"]["rank"] > 0)
        self.story.expect("a page to print", True, "合肥" in page.read_text())

    def _latest(self, cases: Sequence[Case]) -> list[Case]:
        """Return the case of each person that a reply belongs to: that of the latest SMS."""

        async def ask() -> list[Case]:
            client = connect(self.story.url)
            try:
                store = RobotStore(client)
                return [case for case in cases if await store.case_of(case.victim) == case.id]
            finally:
                await client.aclose()

        return asyncio.run(ask())

    def _talk(self, case: Case) -> list[tuple[str, str]]:
        """Let a person write back, and wait for each answer; return what both said."""
        number, said = case.victim.removeprefix("+"), list[tuple[str, str]]()
        for _, text in self.plans[case.id].replies:
            before = len(self._told(number))
            status = asyncio.run_coroutine_threadsafe(
                self.story.centre.reply(text, by=number), self._loop
            ).result(_PATIENCE_SECONDS)
            said.append(("对方", text))
            if not status and self._until(lambda: len(self._told(number)) > before):  # noqa: B023
                said.append(("机器人", self._told(number)[before]))
            else:
                self.story.wrong.append(f"no answer to a reply (status {status})")
        return said

    def _told(self, number: str) -> list[str]:
        return [one["text"] for one in self.story.centre.of("message") if one["to"] == number]

    def _lint(self, what: str) -> None:
        texts = {one["text"] for one in self.story.centre.of("message")}
        self.story.expect(what, 0, sum(bool(linter.faults(text)) for text in texts))

    def _until(self, holds: Callable[[], bool]) -> bool:
        until = time.monotonic() + _PATIENCE_SECONDS
        while not (held := holds()) and time.monotonic() < until:
            time.sleep(0.1)
        return held
