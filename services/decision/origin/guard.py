"""Which parties are protected, and which callers and senders cannot be what they claim.

A protected *callee or receiver* is untouchable, whatever else is known. A protected *caller or
sender* needs evidence of origin (`verdicts.toml`), because anyone can show its number.

Nearly all batches hold no protected code and come by no registered trunk group: then this takes a
few microseconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from fanzha import numbering, service_codes
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Attestation, Bools, Calls, Int64s, Texts, Uint8s
from services.decision.carriers.policy import BatchPolicy
from services.decision.origin import trunk_groups
from services.decision.origin.sender_registry import SenderRegistry
from services.decision.origin.trunk_groups import TrunkGroup, TrunkGroups
from services.decision.origin.verdict_table import OriginVerdict, TrunkTrust, verdict_table

# Members of an enum cost a microsecond each time they are named; these do not.
_PROTECTED, _IMPLAUSIBLE = np.uint8(OriginVerdict.PROTECTED), np.uint8(OriginVerdict.IMPLAUSIBLE)
_LISTED, _FULL = np.uint8(TrunkTrust.LISTED), np.uint8(Attestation.FULL)


class UnregisteredAction(StrEnum):
    """What to do with a text whose sender's name is not in the registry."""

    ALLOW = "allow"
    LABEL = "label"
    BLOCK = "block"


class OriginFindings(NamedTuple):
    """What is known of the origin of each row; columns of one length."""

    protected: Bools
    """Rows that must be let through, whatever else is known."""
    implausible: Bools
    """Rows whose caller or sender cannot be what it claims."""
    unregistered: Bools | None = None
    """Texts whose sender's name is not registered for their route; None without a registry."""
    ingress: Uint8s | None = None
    """The stricter of what was reported and what the trunk groups say."""
    genuine: Bools | None = None
    """Texts whose sender is a code or name registered for their route; None for calls."""


class _Claims(NamedTuple):
    """Who callers or senders claim to be, and the evidence; columns of one length."""

    keys: Int64s
    ingress: Uint8s
    attestations: Uint8s
    trust: Uint8s


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginGuard:
    """Judges where traffic comes from, by two registries that may change at any time."""

    home_country: str = "86"
    current_trunks: Callable[[], TrunkGroups] = TrunkGroups
    current_senders: Callable[[], SenderRegistry | None] = lambda: None

    def calls(self, calls: Calls, policy: BatchPolicy | None = None) -> OriginFindings:
        """Judge callers and callees; *policy* has the trunk groups of the rows' carriers."""
        groups = self._trunk_groups(calls.trunks, policy)
        ingress = trunk_groups.stricter_ingress(calls.ingress, groups)
        implausible = numbering.impossible(calls.callers)
        implausible |= self._forged(calls.callers, ingress, calls.attestations, groups)
        protected = np.zeros(len(calls), np.bool_)
        codes = service_codes.candidates(np.concatenate((calls.callers, calls.callees)))
        if len(codes):
            protected |= service_codes.is_dialled_code(calls.callees)
            trust = trunk_groups.trust(calls.callers, groups)
            claims = _Claims(calls.callers, ingress, calls.attestations, trust)
            _apply_verdicts(claims, protected, implausible)
        return OriginFindings(protected, implausible, ingress=ingress)

    def texts(self, texts: Texts, policy: BatchPolicy | None = None) -> OriginFindings:
        """Judge senders and receivers; *policy* has the trunk groups of the rows' carriers."""
        senders = texts.senders
        groups = self._trunk_groups(texts.trunks, policy)
        ingress = trunk_groups.stricter_ingress(texts.ingress, groups)
        attestations = np.zeros(len(texts), np.uint8)
        implausible = numbering.impossible(senders)
        implausible |= self._forged(senders, ingress, attestations, groups)
        registry = self.current_senders()
        genuine = _genuine(registry, senders, texts.trunks)
        protected = np.zeros(len(texts), np.bool_)
        codes = service_codes.candidates(np.concatenate((senders, texts.receivers)))
        if len(codes):
            protected |= service_codes.is_dialled_code(texts.receivers)
            trust = trunk_groups.trust(senders, groups)
            trust[genuine] = _LISTED
            claims = _Claims(senders, ingress, attestations, trust)
            _apply_verdicts(claims, protected, implausible)
        if groups:
            no_subscriber = (senders < 0) | (senders >= FIRST_SENDER)
            by_people = trunk_groups.flagged(len(texts), groups, "person_to_person")
            implausible |= by_people & no_subscriber & ~genuine & ~protected
        unregistered = None if registry is None else (senders >= FIRST_SENDER) & ~genuine
        return OriginFindings(protected, implausible, unregistered, ingress, genuine)

    def _trunk_groups(
        self, names: Sequence[str], policy: BatchPolicy | None
    ) -> Mapping[int, TrunkGroup]:
        common = self.current_trunks()
        return common.of(names) if policy is None else policy.trunk_groups(names, common)

    def _forged(
        self,
        from_: Int64s,
        ingress: Uint8s,
        attestations: Uint8s,
        groups: Mapping[int, TrunkGroup],
    ) -> Bools:
        forged = numbering.forged_from_abroad(from_, ingress, attestations, self.home_country)
        if groups and np.count_nonzero(forged):
            roaming = trunk_groups.flagged(len(from_), groups, "roamers")
            forged &= ~(roaming & (from_ > 0) & ~service_codes.is_form(from_))
        return forged


def _apply_verdicts(claims: _Claims, protected: Bools, implausible: Bools) -> None:
    """Apply the table of verdicts to the rows that show a protected code, in place."""
    classes = service_codes.code_classes(claims.keys)
    rows = np.flatnonzero(classes)
    if not len(rows):
        return
    verdicts = verdict_table().verdicts(
        classes[rows], claims.ingress[rows], claims.attestations[rows], claims.trust[rows]
    )
    protected[rows] |= verdicts == _PROTECTED
    implausible[rows] = verdicts == _IMPLAUSIBLE


def _genuine(registry: SenderRegistry | None, senders: Int64s, routes: Sequence[str]) -> Bools:
    """Return a mask of which senders are codes or names that are registered for their route."""
    found = np.zeros(len(senders), np.bool_)
    if registry is None:
        return found
    rows = np.flatnonzero((senders < 0) | (senders >= FIRST_SENDER))
    for row, key in zip(rows.tolist(), senders[rows].tolist(), strict=True):
        found[row] = registry.genuine(key, routes[row])
    return found
