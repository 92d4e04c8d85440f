"""Builds WarningOperationsService and WarningReportService."""

from collections.abc import Callable
from functools import cache, partial

from infra.clock import now_ms
from infra.redis.client import Client
from infra.redis.dead_letters import DeadLetters
from services.audit.events import Audit
from services.audit.keys import SigningKey
from services.audit.seals import signer
from services.carrier_policy.policy_log import PolicyLog
from services.decision.sinks.hit_store import HitStore
from services.decision_log.query import DecisionQuery
from services.models.request_store import ModelRequestStore
from services.models.requests import ModelRequests
from services.models.service import ModelControl
from services.models.store import ModelStore
from services.rpc.models.handler import ModelServicer
from services.rpc.warnings.operations_handler import WarningOperationsServicer
from services.rpc.warnings.policy_handler import WarningPolicyServicer
from services.rpc.warnings.report_handler import WarningReportServicer
from services.settings.settings import Settings
from services.warning import keys
from services.warning.cases.listing import CaseListing
from services.warning.cases.store import CaseStore
from services.warning.dead_letter_control import DeadLetterControl
from services.warning.intake.sources import WarningSources
from services.warning.messages.catalog import MessageCatalog
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore
from services.warning.outcomes.example_export import ExampleExport
from services.warning.policy import facts, rulebook
from services.warning.policy.in_force import WARNING_POLICY, WarningPolicyInForce
from services.warning.policy.proposal_store import WarningPolicyProposalStore
from services.warning.policy.proposals import WarningPolicyProposals
from services.warning.policy.trial import PolicyTrial
from services.warning.reports import map_service
from services.warning.reports import service as reporting
from services.warning.reports.group_risks import TargetingService
from services.warning.robot.store import RobotStore


def servicer(
    settings: Settings,
    client: Client,
    *,
    log: DecisionQuery | None,
    audit: Audit,
    policies: WarningPolicyInForce,
) -> WarningOperationsServicer:
    """Build the servicer; *log* is None where nothing is logged."""
    cases = CaseListing(client, CaseStore(client))
    return WarningOperationsServicer(
        dead_letters=DeadLetterControl(DeadLetters(client, keys.DEAD_LETTERS), audit=audit),
        sources=WarningSources(client),
        entries=EntryOutcomeStore(client),
        examples=ExampleExport(cases, HitStore(client), log, audit=audit),
        policies=PolicyTrial(
            cases,
            policies=policies,
            groups_file=settings.warning_groups_file,
            home_country=settings.home_country,
        ),
        robot=RobotStore(client),
        templates=cache(partial(MessageCatalog.load, settings.warning_templates_dir)),
    )


def policies_in_force(
    settings: Settings, client: Client, key: SigningKey | None
) -> WarningPolicyInForce:
    """Build what reads the warning policy and commits versions, sealed with *key*."""
    log = PolicyLog(client, sign=signer(key) if key else None, names=WARNING_POLICY)
    return WarningPolicyInForce(log, file=settings.warning_policy_file)


def policy(
    settings: Settings, client: Client, *, policies: WarningPolicyInForce, audit: Audit
) -> WarningPolicyServicer:
    """Build the servicer of the warning policy."""
    return WarningPolicyServicer(
        policies,
        WarningPolicyProposals(
            policies,
            WarningPolicyProposalStore(client),
            audit=audit,
            now_ms=now_ms,
            rule=settings.second_person,
        ),
        limits=rulebook.rules(settings),
        language=settings.warning_language,
        templates=cache(partial(MessageCatalog.load, settings.warning_templates_dir)),
        now_ms=now_ms,
    )


def reports(
    settings: Settings, client: Client, *, now_ms: Callable[[], int]
) -> WarningReportServicer:
    """Build the servicer of reports and of the map; *client* must decode answers."""
    groups = partial(facts.load, settings.warning_groups_file, settings.home_country)
    return WarningReportServicer(
        reporting.build(settings, client, now_ms=now_ms),
        map_service.build(client, now_ms=now_ms),
        TargetingService(CaseListing(client, CaseStore(client)), groups, now_ms=now_ms),
    )


def models(settings: Settings, client: Client, *, audit: Audit) -> ModelServicer:
    """Build the servicer; one person may activate a model unless `model_second_person` differs."""
    control = ModelControl(ModelStore(client), settings.models_dir, audit=audit, now_ms=now_ms)
    requests = ModelRequests(
        control,
        ModelRequestStore(client),
        audit=audit,
        now_ms=now_ms,
        rule=settings.model_second_person,
    )
    return ModelServicer(control, requests)
