"""Words of the service that come as codes: rules, lines of the warning policy, actors, details.

A code that is missing here, such as that of a line that an administrator wrote, is shown as it is.
"""

from collections.abc import Mapping

from fanzha.translation.catalogue import gettext_noop

RULES: Mapping[str, str] = {
    "invalid": gettext_noop("cannot be read"),
    "protected": gettext_noop("protected number"),
    "allowlisted": gettext_noop("on an allow list"),
    "blocklisted": gettext_noop("on a block list"),
    "implausible": gettext_noop("implausible caller"),
    "refused_sender": gettext_noop("sender not registered: blocked"),
    "unscored": gettext_noop("no score"),
    "scored": gettext_noop("score of the model"),
    "link_scored": gettext_noop("score of a link"),
    "sender_history": gettext_noop("what the sender just sent"),
    "spam": gettext_noop("unwanted mass text"),
    "related_blocked": gettext_noop("seen with confirmed fraud: blocked"),
    "cut_off": gettext_noop("rate of calls: blocked"),
    "related": gettext_noop("seen with confirmed fraud"),
    "suspicious": gettext_noop("rate of calls"),
    "marked_link": gettext_noop("score of a link: marked"),
    "marked_history": gettext_noop("what the sender just sent: marked"),
    "marked_sender": gettext_noop("sender not registered: marked"),
    "review": gettext_noop("for a person to judge"),
    "under": gettext_noop("score below the threshold"),
}
"""Rules by their names in `services.decision.rules`."""

TIER_LINES: Mapping[str, str] = {
    "long-call": gettext_noop("spoke for a minute or more"),
    "very-long-call": gettext_noop("spoke for ten minutes or more"),
    "link-opened": gettext_noop("opened the link"),
    "spoke-and-opened": gettext_noop("spoke and opened the link"),
    "several-channels": gettext_noop("reached by several channels"),
    "repeated": gettext_noop("three hits or more"),
    "again-and-again": gettext_noop("ten hits or more"),
    "source-says-high": gettext_noop("the source says high"),
    "source-says-medium": gettext_noop("the source says medium"),
    "model-sure": gettext_noop("the model is sure"),
    "not-confirmed": gettext_noop("nobody has confirmed it"),
    "authority": gettext_noop("authorities impersonated"),
    "authority-spoken": gettext_noop("spoke with a false authority"),
    "large-losses": gettext_noop("kind of fraud with large losses"),
    "common": gettext_noop("common kind of fraud"),
    "vulnerable": gettext_noop("group that needs more care"),
    "industry": gettext_noop("industry with many cases"),
    "key-region": gettext_noop("key region"),
}
"""Lines of the warning policy of the package, by id."""

ACTORS: Mapping[str, str] = {
    "intake": gettext_noop("intake of warnings"),
    "fanzha": gettext_noop("the service"),
    "warning-pipeline": gettext_noop("the warning pipeline"),
    "policy": gettext_noop("the warning policy"),
    "dispatch": gettext_noop("the sending of warnings"),
}
"""Who acts without being a person."""

FIGURES: Mapping[str, str] = {
    "auc": gettext_noop("area under the ROC curve"),
    "recall": gettext_noop("recall"),
    "precision": gettext_noop("precision"),
    "f1": gettext_noop("F1 score"),
}
"""Figures of tests on cards of models."""

DETAILS: Mapping[str, str] = {
    "action": gettext_noop("action"), "active": gettext_noop("model that decides"),
    "additions": gettext_noop("entries added"), "applied": gettext_noop("applied"),
    "additions_sha256": gettext_noop("checksum of what is added"),
    "approved_by": gettext_noop("approved by"), "asked": gettext_noop("asked for"),
    "author": gettext_noop("author"), "base_version": gettext_noop("over version"),
    "by": gettext_noop("by"), "change": gettext_noop("change request"),
    "content": gettext_noop("with texts"), "copies": gettext_noop("copies"),
    "count": gettext_noop("count"),
    "days": gettext_noop("days"), "development": gettext_noop("development mode"),
    "document": gettext_noop("document"), "due_ms": gettext_noop("due, in milliseconds"),
    "entries": gettext_noop("entries"), "entity": gettext_noop("subject"),
    "false_positive": gettext_noop("blocked wrongly"), "file": gettext_noop("file"),
    "finding": gettext_noop("finding"), "fraud_type": gettext_noop("kind of fraud"),
    "from": gettext_noop("from"), "head": gettext_noop("head of the log"),
    "hits": gettext_noop("hits"), "kind": gettext_noop("kind"),
    "key_id": gettext_noop("signing key"),
    "legal_basis": gettext_noop("legal basis"), "letters": gettext_noop("dead letters"),
    "note": gettext_noop("note"), "officer": gettext_noop("officer"),
    "one_person": gettext_noop("by one person"), "opted_out": gettext_noop("opted out"),
    "outcome": gettext_noop("outcome"), "over_version": gettext_noop("over version"),
    "owner": gettext_noop("owner"), "pattern": gettext_noop("pattern"),
    "peer": gettext_noop("address of the caller"), "people": gettext_noop("people"),
    "persons": gettext_noop("people"), "policy": gettext_noop("policy"),
    "policy_parts": gettext_noop("parts of the policy"),
    "policy_settings": gettext_noop("settings of the policy"),
    "policy_sha256": gettext_noop("checksum of the policy"),
    "problems": gettext_noop("problems"), "proposal": gettext_noop("proposal"),
    "rate": gettext_noop("people a second"), "reason": gettext_noop("reason"),
    "records": gettext_noop("records"), "region": gettext_noop("region"),
    "removals": gettext_noop("entries removed"),
    "removals_sha256": gettext_noop("checksum of what is removed"),
    "request": gettext_noop("request"), "result": gettext_noop("result"),
    "rows": gettext_noop("rows"), "said_author": gettext_noop("author, as given"),
    "second_person": gettext_noop("second person"), "shadow": gettext_noop("model in the shadow"),
    "share": gettext_noop("share"), "source": gettext_noop("source"),
    "state": gettext_noop("state"), "step": gettext_noop("step"), "times": gettext_noop("times"),
    "unmasked": gettext_noop("whole numbers"), "unreviewed": gettext_noop("not reviewed"),
    "version": gettext_noop("version"), "what": gettext_noop("what was done"),
    "why": gettext_noop("why"),
    "within": gettext_noop("records in the file"), "worker": gettext_noop("worker"),
}  # fmt: skip
"""Names of details of audit records."""

ALL: Mapping[str, Mapping[str, str]] = {
    "rule_name": RULES,
    "tier_line": TIER_LINES,
    "actor": ACTORS,
    "figure_name": FIGURES,
    "detail_name": DETAILS,
}
"""By the name of their filter in templates."""
