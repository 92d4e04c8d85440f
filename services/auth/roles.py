"""Who may: one table of every method and the roles that may call it, and the reach of a role.

A method without a line here is refused to everybody, whoever they are. ``docs/reference/roles.md``
is this table written out (``python -m tools.reference``).
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TypeAlias

from blocklists.entries import Source
from fanzha.errors import NotAllowed
from services.auth.identity import Identity, Role


class AccessLevel(Enum):
    """What it takes to call a method for which no role is needed."""

    OPEN = "anybody who can connect"
    """Probes and load balancers carry no credentials."""
    AUTHENTICATED = "anybody who says who they are"
    """Whatever their roles, even none."""


Allowed: TypeAlias = AccessLevel | frozenset[Role]


def _of(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


_CARRIER = _of(Role.CARRIER)
_EDITOR = _of(Role.EDITOR)
_REPORTERS = _of(Role.CARRIER, Role.EDITOR)
_READERS = _of(Role.EDITOR, Role.APPROVER, Role.AUDITOR, Role.APPEALS_OFFICER)
_OVERSEERS = frozenset(Role) - {Role.CARRIER, Role.SOURCE, Role.DISPATCHER}
_OFFICER = _of(Role.APPEALS_OFFICER)
# Who is blocked appeals at their carrier or at the bureau.
_APPEALS_DESK = _of(Role.CARRIER, Role.APPEALS_OFFICER)
_APPEALS_READERS = _of(Role.AUDITOR, Role.APPEALS_OFFICER)
# An appeals officer decides on requests that lift blocks after an appeal, and no others:
# `services.changes.permissions` sees to that.
_DECIDERS = _of(Role.APPROVER, Role.APPEALS_OFFICER)
# Who sends in warnings: carriers, and whoever else knows of people at risk.
_WARNERS = _of(Role.CARRIER, Role.SOURCE)
_DISPATCHER = _of(Role.DISPATCHER)
_CASE_READERS = _of(Role.DISPATCHER, Role.AUDITOR)
# What subscribers did, masked: `services.auth.personal_data` says who sees it whole.
_DECISION_READERS = _of(Role.APPROVER, Role.AUDITOR, Role.APPEALS_OFFICER, Role.OPERATOR)
_EXPORTERS = _of(Role.EDITOR, Role.APPROVER, Role.AUDITOR)

TABLE: Mapping[str, Mapping[str, Allowed]] = {
    "fanzha.v1.InterceptionService": {
        "DecideCall": _CARRIER,
        "DecideCalls": _CARRIER,
        "DecideText": _CARRIER,
        "DecideTexts": _CARRIER,
        "DecideLink": _CARRIER,
        "DecideLinks": _CARRIER,
    },
    "fanzha.v1.FeedbackService": {
        "ConfirmHit": _REPORTERS,
        "DismissHit": _REPORTERS,
        "ReportCallEnds": _CARRIER,
    },
    "fanzha.v1.BlocklistService": {
        "UpdateEntries": _EDITOR,
        "ImportEntries": _EDITOR,
        "FindEntries": _READERS,
        "ListEntries": _READERS,
        "ExportEntries": _EXPORTERS,
        "GetStatus": _OVERSEERS,
        "ListDue": _READERS,
        "ListDead": _READERS,
        "ResolveShadows": _EDITOR,
        "ProposeRetirement": _EDITOR,
        "SettleFindings": _of(Role.OPERATOR, Role.APPROVER),
    },
    "fanzha.v1.AppealService": {
        "OpenAppeal": _APPEALS_DESK,
        "AddDocuments": _APPEALS_DESK,
        "ListAppeals": _APPEALS_READERS,
        "GetAppeal": _APPEALS_READERS | _CARRIER,
        "GetDocument": _OFFICER,
        "TakeAppeal": _OFFICER,
        "DecideAppeal": _OFFICER,
        "WithdrawAppeal": _APPEALS_DESK,
        "WriteNotice": _APPEALS_DESK,
        "WriteRestrictionNotice": _APPEALS_DESK,
        "GetAppealReport": _APPEALS_READERS | _of(Role.OPERATOR),
    },
    "fanzha.v1.AuditService": {
        "ListRecords": _of(Role.AUDITOR),
        "GetHead": _of(Role.AUDITOR, Role.OPERATOR),
        "ExportEvidence": _of(Role.AUDITOR),
    },
    "fanzha.v1.ChangeService": {
        "CreateChange": _EDITOR,
        "EditChange": _EDITOR,
        "SubmitChange": _EDITOR,
        "ApproveChange": _DECIDERS,
        "RejectChange": _DECIDERS | _EDITOR,
        "ApplyChange": _DECIDERS | _EDITOR,
        "ConfirmEmergency": _of(Role.APPROVER),
        "RevertChange": _EDITOR,
        "RestoreVersion": _EDITOR,
        "GetChange": _READERS,
        "ListChanges": _OVERSEERS,
        "ListChangeRows": _READERS,
        "PreviewChange": _READERS,
        "DiffVersions": _READERS,
    },
    "fanzha.v1.MappingService": {
        "SaveMapping": _EDITOR,
        "ListMappings": _READERS,
        "ForgetMapping": _EDITOR,
    },
    "fanzha.v1.WarningService": {
        "SubmitWarnings": _WARNERS,
        "FollowFeedback": _WARNERS,
        "GetSourceQuality": _WARNERS | _of(Role.AUDITOR, Role.OPERATOR),
    },
    "fanzha.v1.CaseService": {
        "ListCases": _CASE_READERS,
        "GetCase": _CASE_READERS,
        "GetCaseHistory": _CASE_READERS,
        "AssignCase": _DISPATCHER,
        "TakeCase": _DISPATCHER,
        "NoteCase": _DISPATCHER,
        "CloseCase": _DISPATCHER,
    },
    "fanzha.v1.WarningControlService": {
        "StopWarnings": _of(Role.OPERATOR, Role.APPROVER),
        "StartWarnings": _of(Role.OPERATOR),
        "GetWarningSwitch": frozenset(Role) - {Role.CARRIER, Role.SOURCE},
        "SetOptOut": _of(Role.OPERATOR, Role.DISPATCHER),
        "GetOptOuts": _of(Role.OPERATOR, Role.DISPATCHER, Role.AUDITOR),
    },
    "fanzha.v1.WarningBackfillService": {
        "PreviewBackfill": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "StartBackfill": _of(Role.OPERATOR, Role.APPROVER),
        "ListBackfills": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "StopBackfill": _of(Role.OPERATOR, Role.APPROVER),
        "ListPendingBackfills": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "GetPendingBackfill": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "StartPendingBackfill": _of(Role.OPERATOR, Role.APPROVER),
        "DropPendingBackfill": _of(Role.OPERATOR, Role.APPROVER),
        "PreviewSuspects": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
        "ConfirmSuspects": _of(Role.OPERATOR, Role.APPROVER),
    },
    "fanzha.v1.WarningReportService": {
        "GetWarningReport": _of(Role.AUDITOR, Role.OPERATOR, Role.DISPATCHER),
    },
    "fanzha.v1.WarningOperationsService": {
        "ListDeadLetters": _of(Role.OPERATOR, Role.AUDITOR),
        "ReplayDeadLetters": _of(Role.OPERATOR),
        "DropDeadLetter": _of(Role.OPERATOR),
        "ListSources": _of(Role.OPERATOR, Role.AUDITOR),
        "GetSourceFeedback": _of(Role.OPERATOR, Role.AUDITOR),
        "ListEntryOutcomes": _READERS,
        "ExportExamples": _of(Role.AUDITOR),
        "PreviewPolicy": _of(Role.OPERATOR, Role.APPROVER, Role.AUDITOR),
    },
    "fanzha.v1.DecisionLogService": {
        "FindDecisions": _DECISION_READERS,
        "GetDecision": _DECISION_READERS,
        "CountDecisions": _OVERSEERS,
    },
    "fanzha.v1.HitService": {
        "TailHits": _DECISION_READERS,
        "ListCampaigns": _OVERSEERS,
    },
    "fanzha.v1.ModelService": {
        "ListModels": _OVERSEERS,
        "GetModelStatus": _OVERSEERS,
        "ActivateModel": _of(Role.OPERATOR),
        "ShadowModel": _of(Role.OPERATOR),
        "RollbackModel": _of(Role.OPERATOR),
    },
    "fanzha.v1.AccessService": {
        "WhoAmI": AccessLevel.AUTHENTICATED,
    },
    "grpc.health.v1.Health": {
        "Check": AccessLevel.OPEN,
        "List": AccessLevel.OPEN,
        "Watch": AccessLevel.OPEN,
    },
    "grpc.reflection.v1alpha.ServerReflection": {
        "ServerReflectionInfo": AccessLevel.AUTHENTICATED,
    },
}
"""By service and method."""

_BY_PATH = {
    f"/{service}/{method}": allowed
    for service, methods in TABLE.items()
    for method, allowed in methods.items()
}


def allowed_at(path: str) -> Allowed | None:
    """Return who may call ``/service/method``; None: it has no line, so nobody may."""
    return _BY_PATH.get(path)


def may(identity: Identity, allowed: Allowed) -> bool:
    """Tell whether *identity*, who is known, may call a method that takes *allowed*."""
    return isinstance(allowed, AccessLevel) or not identity.roles.isdisjoint(allowed)


def methods_of(identity: Identity) -> list[str]:
    """Return the methods *identity* may call, as ``/service/method``."""
    return [path for path, allowed in _BY_PATH.items() if may(identity, allowed)]


def refusal(identity: Identity, path: str) -> str:
    """Say why *identity* may not call *path*."""
    allowed, method = allowed_at(path), path.rpartition(".")[2]
    if allowed is None:
        return f"{method}: nobody may call it, for it has no line in the table of roles"
    takes = words(() if isinstance(allowed, AccessLevel) else allowed, "or")
    return f"{method} takes the role {takes}; {identity.name} has {words(identity.roles) or 'none'}"


def check_source(identity: Identity, sources: Iterable[Source]) -> None:
    """Raise `NotAllowed` unless *identity* reaches the entries of all *sources*."""
    foreign = set(sources) - identity.sources if identity.sources else set()
    if foreign:
        named = ", ".join(one.name.lower() for one in sorted(foreign))
        reach = ", ".join(one.name.lower() for one in sorted(identity.sources))
        raise NotAllowed(f"source: {identity.name} reaches entries of {reach}, not of {named}")


def reaches_region(identity: Identity, region: str) -> bool:
    """Tell whether *region* is one of *identity*'s, or lies in one: 33 holds 3301 and 330106.

    A region that is not known, the empty one, is reached only by who reaches all.
    """
    return not identity.regions or region.startswith(tuple(identity.regions))


def check_region(identity: Identity, region: str) -> None:
    """Raise `NotAllowed` unless *identity* reaches *region*."""
    if not reaches_region(identity, region):
        reach = ", ".join(sorted(identity.regions))
        where = region or "an unknown one"
        raise NotAllowed(f"region: {identity.name} reaches {reach}, not {where}")


def words(roles: Iterable[Role], before_last: str = "and") -> str:
    """Write roles in a sentence, in the order in which they are declared."""
    known = set(roles)
    *first, last = [role.value for role in Role if role in known] or [""]
    return f"{', '.join(first)} {before_last} {last}" if first else last
