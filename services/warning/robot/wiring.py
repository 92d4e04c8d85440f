"""Builds the robot from settings, for the process of the warning pipeline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter

from fanzha.errors import InvalidConfiguration
from fanzha.phone import HomePlan
from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import StreamConsumer
from services.audit.events import Audit
from services.settings.settings import Settings
from services.warning.cases.events import MessageRef
from services.warning.cases.model import Case
from services.warning.cases.opening import Router
from services.warning.cases.store import CaseStore
from services.warning.desk.service import CaseDesk
from services.warning.dispatch.outbox_relay import Composer
from services.warning.intake.service import WarningIntake
from services.warning.robot import meanings, script_files
from services.warning.robot.composer import RobotComposer
from services.warning.robot.opt_outs import OptOuts
from services.warning.robot.replies import GROUP, STREAM, ReplyHandler, ReplyIntake, ReplyResult
from services.warning.robot.screen import DialogueScreen
from services.warning.robot.script import RobotScript
from services.warning.robot.self_reports import PersonOnlyRouter, SelfReports
from services.warning.robot.store import RobotStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotParts:
    """What composes and takes messages needs of the robot."""

    settings: Settings
    store: RobotStore
    intake: ReplyIntake
    scripts: Sequence[RobotScript]

    def composer(self, other: Composer) -> RobotComposer:
        """Return a composer of warnings and of what the robot says."""
        return RobotComposer(other, self.scripts, self.settings.warning_language)

    def written(self, pipeline: Any, case: Case, message: MessageRef) -> None:
        """Note that a warning went to a person; a reply is about the case of the latest SMS."""
        self.store.note_contact(pipeline, case.victim, case.id)
        if message.channel == "sms":
            self.store.note_warning(pipeline, case.victim, case.id)


def screen(settings: Settings, desk: CaseDesk) -> DialogueScreen:
    """Build what shows dialogues at the desk, also where the robot is off."""
    return DialogueScreen(desk, settings.warning_robot_scripts_dir)


def build(settings: Settings, client: Client) -> RobotParts | None:
    """Build what the pipeline needs; None where the robot is off. Blocking, by reading scripts.

    Raises `ValueError` for a wrong script, and where none is of the language of warnings.
    """
    if not settings.warning_robot:
        return None
    scripts = script_files.by_text(settings.warning_robot_scripts_dir)
    if not any(one.language == settings.warning_language for one in scripts):
        raise InvalidConfiguration(
            "warning_robot_scripts_dir: no script in {language}", language=settings.warning_language
        )
    return RobotParts(
        settings=settings,
        store=RobotStore(client, retention_days=settings.warning_retention_days),
        intake=ReplyIntake(client),
        scripts=scripts,
    )


def consumer(
    parts: RobotParts,
    client: Client,
    *,
    cases: CaseStore,
    dead: DeadLetters,
    name: str,
    opt_outs: OptOuts,
    regions: Router,
    audit: Audit,
    registry: CollectorRegistry,
    now_ms: Callable[[], int],
) -> StreamConsumer:
    """Build what handles replies; *regions* tells where people live."""
    handler = ReplyHandler(
        cases=cases,
        store=parts.store,
        scripts=parts.scripts,
        reader=meanings.shipped(),
        language=parts.settings.warning_language,
        home=HomePlan(parts.settings.home_country),
        opt_outs=opt_outs,
        self_reports=_self_reports(
            parts, client, cases=cases, regions=regions, audit=audit, now_ms=now_ms
        ),
        now_ms=now_ms,
        counted=_counted(registry),
    )
    return StreamConsumer(
        ConsumerGroup(client, stream=STREAM, group=GROUP, consumer=name),
        handler.handle,
        dead_letters=dead,
        now_ms=now_ms,
        drop=True,
        claim_ms=parts.settings.warning_claim_ms,
    )


def _self_reports(
    parts: RobotParts,
    client: Client,
    *,
    cases: CaseStore,
    regions: Router,
    audit: Audit,
    now_ms: Callable[[], int],
) -> SelfReports:
    router = PersonOnlyRouter(regions)
    return SelfReports(
        cases=cases,
        store=parts.store,
        intake=WarningIntake(client=client, store=cases, router=router, now_ms=now_ms),
        audit=audit,
        home=HomePlan(parts.settings.home_country),
        most_an_hour=parts.settings.warning_robot_strangers_per_hour,
        now_ms=now_ms,
    )


def _counted(registry: CollectorRegistry) -> Callable[[str], None]:
    replies = Counter(
        "fanzha_warning_replies",
        "Replies to warnings by SMS, by what became of them.",
        ["result"],
        registry=registry,
    )
    for result in ReplyResult:
        replies.labels(result)  # from zero on, so that the first one is an increase
    return lambda result: replies.labels(result).inc()
