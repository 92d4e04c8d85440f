"""Decides whether a second person has to approve a change, and lists all reasons.

A change without effect on decisions never needs one. Any other does when its impact is large or
unknown, and always for ranges, popular hosts, critical names and numbers, allow entries, and
reverts of approved changes.

Where no second person is needed, as without identities, or where an emergency does without, what
hits critical names or many subscribers applies only after its author has confirmed each risk by
name; the record then shows it as unreviewed.
"""

from collections.abc import Collection
from dataclasses import replace

from fanzha.errors import InvalidInput, RisksUnconfirmed
from fanzha.translation.catalogue import gettext
from fanzha.translation.message import Message
from services.auth.identity import Identity, Role, SecondPersonRule
from services.changes import preview as previews
from services.changes.model import ChangeRequest, ProposedPolicy, SecondPerson
from services.changes.preview import MAX_RISKS, ChangePreview

_SHOWN = 5


def evaluate(
    preview: ChangePreview,
    *,
    removals: int,
    threshold: int,
    rule: SecondPersonRule,
    identity: Identity,
    undoes_approved: bool = False,
    lifts: bool = False,
) -> SecondPerson:
    """Return whether *identity* needs a second person for a change.

    *lifts* says that it only lifts blocks of single numbers, hosts or texts after an appeal.
    """
    if exempt := _exempt(rule, identity):
        return exempt
    if lifts and Role.APPEALS_OFFICER in identity.roles:
        return _not_needed(
            rule, Message("an upheld appeal: the appeals officer is the second person")
        )
    reasons = _reasons(preview, removals=removals, threshold=threshold)
    if undoes_approved:
        reasons.append(Message("it reverts a change that a second person approved"))
    if reasons:
        return SecondPerson(needed=True, rule=rule, reasons=tuple(reasons))
    return _not_needed(rule, _small_impact(preview, removals, threshold))


def evaluate_policy(
    policy: ProposedPolicy, *, rule: SecondPersonRule, identity: Identity
) -> SecondPerson:
    """Return whether *identity* needs a second person for a change of the carrier policy."""
    if exempt := _exempt(rule, identity):
        return exempt
    if not policy.differences:
        return _not_needed(rule, Message("it changes no setting in effect"))
    reason = Message(
        "it changes the policy of {carriers}",
        carriers=_some(policy.risks[:_SHOWN], len(policy.risks)),
    )
    return SecondPerson(needed=True, rule=rule, reasons=(reason,))


def confirm_risks(record: ChangeRequest, given: Collection[str]) -> ChangeRequest:
    """Return a request that is about to apply, with the risks its author confirmed.

    *given* are those confirmed with this step. A request that a second person approved needs none.
    `RisksUnconfirmed` names the risks that are missing; `InvalidInput` when there are too many.
    """
    if record.approved_by:
        return record
    risks, total = _risks(record)
    confirmed = {*record.confirmed_risks, *given}
    missing = tuple(risk for risk in risks if risk not in confirmed)
    if total > MAX_RISKS:
        raise InvalidInput(
            "it hits {total:,} critical names, wide ranges or carriers, at most "
            "{max_risks} can be confirmed in one change: split it",
            total=total,
            max_risks=MAX_RISKS,
        )
    if missing:
        raise RisksUnconfirmed(missing)
    return replace(record, confirmed_risks=risks)


def _risks(record: ChangeRequest) -> tuple[tuple[str, ...], int]:
    """Return the risks that its author may confirm, and how many it has."""
    if record.policy is not None:
        return record.policy.risks, len(record.policy.risks)
    if record.preview is None:
        return record.confirmed_risks, 0
    found = previews.read(record.preview)
    return found.risks, found.risks_total


def _exempt(rule: SecondPersonRule, identity: Identity) -> SecondPerson | None:
    """Return that no change needs a second person, where the setting says so."""
    if rule == "off":
        return _not_needed(rule, Message("the setting second_person is off"))
    if rule == "by_identity" and identity.development:
        return _not_needed(rule, Message("authentication is off and second_person is by_identity"))
    return None


def _reasons(preview: ChangePreview, *, removals: int, threshold: int) -> list[str]:
    if not removals and not _has_effect(preview):
        return []
    impact = preview.impact
    lines = (
        (not impact.known, Message("its impact is unknown: {text}", text=impact.unknown_because)),
        (
            impact.known and impact.events > threshold,
            Message(
                "it would have decided {events:,.0f} events otherwise, over {threshold:,}",
                events=impact.events,
                threshold=threshold,
            ),
        ),
        (
            impact.known and impact.parties > threshold,
            Message(
                "it would have reached {parties:,.0f} parties, over {threshold:,}",
                parties=impact.parties,
                threshold=threshold,
            ),
        ),
        (preview.ranges > 0, Message("it has ranges: {ranges:,}", ranges=preview.ranges)),
        (preview.allows > 0, Message("it has allow entries: {entries:,}", entries=preview.allows)),
        (
            preview.popular_total > 0,
            Message(
                "it blocks popular hosts: {hosts}",
                hosts=_some(preview.popular, preview.popular_total),
            ),
        ),
        (
            preview.risks_total > 0,
            Message(
                "it hits what many depend on: {risks}",
                risks=_some(preview.risks, preview.risks_total),
            ),
        ),
    )
    return [text for holds, text in lines if holds]


def _some(examples: Collection[str], total: int) -> Message:
    shown, more = ", ".join(examples), total - len(examples)
    if more <= 0:
        return Message("{shown}", shown=shown)
    return Message("{shown} and {more:,} more", shown=shown, more=more)


def _has_effect(preview: ChangePreview) -> bool:
    changed = preview.counts.get("ADDED", 0) + preview.counts.get("REPLACED", 0)
    return changed > preview.without_effect


def _small_impact(preview: ChangePreview, removals: int, threshold: int) -> str:
    if not removals and not _has_effect(preview):
        return Message("it changes no decision")
    unknown = preview.hosts and not preview.popularity_known
    return Message(
        "it would have decided {events:,.0f} events otherwise and reached {parties:,.0f} parties, "
        "not over {threshold:,}{hosts}",
        events=preview.impact.events,
        parties=preview.impact.parties,
        threshold=threshold,
        hosts=Message("; popularity of its hosts unknown") if unknown else "",
    )


def _not_needed(rule: str, why: str) -> SecondPerson:
    return SecondPerson(needed=False, rule=rule, reasons=(why,))


def describe(rule: SecondPersonRule, *, development: bool) -> str:
    """Describe the rule in force in one sentence, in the language of the process."""
    if rule == "off":
        return gettext("no change needs a second person: second_person is off")
    if rule == "by_identity" and development:
        return gettext(
            "no change needs a second person: authentication is off and second_person is "
            "by_identity"
        )
    return gettext(
        "changes with large or unknown impact, ranges, allow entries, popular hosts or critical "
        "names need a second person: second_person is {rule}",
        rule=rule,
    )
