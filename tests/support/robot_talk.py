"""A person who writes to the robot, and the handler of what they write, on a real store."""

from dataclasses import dataclass, field
from typing import Any

from fanzha.phone import HomePlan
from infra.redis.client import Client
from infra.redis.consumer_group import StreamEntry
from services.warning.cases.events import CaseEvent
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseStore
from services.warning.dispatch.limits import NoticeKind
from services.warning.intake.service import WarningIntake
from services.warning.robot import meanings, script_files
from services.warning.robot.replies import ReplyHandler
from services.warning.robot.self_reports import PersonOnlyRouter, SelfReports
from services.warning.robot.store import RobotStore
from tests.support.case_desk import Places, Record
from tests.support.warnings import NOW_MS, a_warning

PERSON = "8617000000001"


@dataclass
class OptedOut:
    """Opt-outs that a test reads."""

    people: list[tuple[str, NoticeKind]] = field(default_factory=list)

    async def opt_out(self, victim: str, notice: NoticeKind) -> None:
        self.people.append((victim, notice))


@dataclass(kw_only=True)
class RobotTalk:
    """A person, the handler of what they write back, and what it leaves behind."""

    client: Client
    cases: CaseStore
    store: RobotStore
    handler: ReplyHandler
    results: list[str]
    opted_out: OptedOut
    audit: Record
    clock: list[int]
    case_id: str = ""
    last: int = 0

    async def warned(self, *, by_sms: bool = True) -> str:
        """Open a case of the person, and warn them of it."""
        intake = WarningIntake(
            client=self.client, store=self.cases, router=PlainRouter(), now_ms=lambda: NOW_MS
        )
        (opened,) = await intake.ingest([a_warning(1)])
        pipeline: Any = self.client.pipeline(transaction=False)
        if by_sms:
            self.store.note_warning(pipeline, f"+{PERSON}", opened.case_id)
        self.store.note_contact(pipeline, f"+{PERSON}", opened.case_id)
        await pipeline.execute()
        self.case_id = opened.case_id
        return opened.case_id

    async def says(self, text: str, *, sender: str = PERSON, again: bool = False) -> str:
        """Let somebody write; return what became of it."""
        self.last += not again
        fields = {"sender": sender, "text": text, "at_ms": str(NOW_MS)}
        await self.handler.handle([StreamEntry(id=f"{self.last}-0", fields=fields)])
        return self.results[-1]

    async def case(self) -> Case:
        """Return the case of the person."""
        return await self.cases.get(self.case_id)

    async def all_cases(self) -> list[Case]:
        """Return all cases."""
        return [one async for one, _ in CaseListing(self.client, self.cases).walk()]

    async def robot_events(self) -> list[CaseEvent]:
        """Return what the robot did in the case of the person."""
        return [one for one in await self.cases.history(self.case_id) if one.by == "robot"]


def robot_talk(client: Client, *, most_an_hour: int = 60) -> RobotTalk:
    """Build it; people who were never warned open at most so many cases an hour."""
    results, clock, audit = list[str](), [NOW_MS + 1], Record()
    opted_out, cases, store = OptedOut(), CaseStore(client), RobotStore(client)

    def now_ms() -> int:
        return clock[0]

    router = PersonOnlyRouter(Places())
    self_reports = SelfReports(
        cases=cases,
        store=store,
        intake=WarningIntake(client=client, store=cases, router=router, now_ms=now_ms),
        audit=audit,
        home=HomePlan(),
        most_an_hour=most_an_hour,
        now_ms=now_ms,
    )
    handler = ReplyHandler(
        cases=cases,
        store=store,
        scripts=script_files.load(),
        reader=meanings.shipped(),
        language="zh",
        home=HomePlan(),
        opt_outs=opted_out,
        self_reports=self_reports,
        now_ms=now_ms,
        counted=results.append,
    )
    return RobotTalk(
        client=client, cases=cases, store=store, handler=handler, results=results,
        opted_out=opted_out, audit=audit, clock=clock,
    )  # fmt: skip
