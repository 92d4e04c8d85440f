"""Words of enums and names of fields, in the language of the user.

A word is a code that people may type back, such as ``block``: JSON and files have it as it is. Its
translation depends on the enum, because a case and a change are "new" in different words.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from fanzha.translation.catalogue import gettext, pgettext

Key = TypeVar("Key")
Value = TypeVar("Value")

FIELDS = (
    "action", "active", "decision", "read bytes", "truncated",
    "from", "to", "time", "why", "applied", "author",
    "bundles", "callee", "caller", "campaign", "channel",
    "cache seconds", "carrier", "credential", "decided at", "decision id", "delay ms", "direction",
    "dry run", "entered", "entity", "entry", "entry id", "evidence", "expires", "fraud type",
    "created by", "expires at s",
    "from party", "host", "hosts", "hour", "id", "ingress", "kind", "label", "legal basis", "link",
    "link model", "link score", "list version", "mode", "model", "model version", "monitored",
    "name", "occurred at", "pattern", "reason", "recomputed score", "regions",
    "related entity", "related evidence", "related since", "related to", "review", "roles",
    "score", "sender", "shadow entry", "shadow evidence", "shadow pattern", "source", "sources",
    "subscriber", "target", "threshold", "to party", "treatment", "trunk", "type",
    "velocity score", "velocity threshold", "velocity version", "attestation", "rules held",
    "settings", "sender history", "host facts", "domain age days", "first seen days",
    "popularity rank", "model score", "odds ratio", "link version", "url", "version",
    "would block entry id",
    # What happened to a change or an appeal, and how rows of a change relate to entries.
    "created", "edited", "submitted", "approved", "rejected", "confirmed", "reverted", "expired",
    "returned", "commented",
    "taken", "upheld", "withdrawn", "lifted", "received", "documents added",
    # Of cases and messages, and how exposed a person was.
    "tiered", "queued", "sent", "delivered", "failed", "escalated", "noted", "closed", "routed",
    "once", "repeated", "several_channels", "link_opened", "long_call", "call", "text",
    # Of groups at risk.
    "group", "people", "rate", "drift", "lost money", "lost, yuan", "in time", "reached",
    # Of entities and the steps of their exits.
    "registered", "assigned", "settled", "reopened", "proposed", "seen again", "sighting settled",
    "financial fraud", "steps", "next deadline", "cleanup", "step", "not needed", "changes",
    "outcome", "overdue", "open", "done",
    # Of sources and their pulls.
    "brings", "lag", "results", "at", "sha256", "file",
    # Of the risk of numbers.
    "risk", "since",
    # Of the robot's dialogues.
    "script", "states", "ends", "ways", "begun", "ended", "understood", "paid", "officer",
    "stopped", "lost", "difference", "stop payment",
    # Of tasks and assessments.
    "task", "list", "unit", "level", "measure", "weight", "floor", "target", "rank", "score",
    "counts for it", "month", "formula", "published", "units", "of", "share", "points", "tasks",
    # Of educational campaigns.
    "campaign", "occasion", "theme", "recipients", "age bands", "occupations", "areas", "groups",
    "text", "template", "hold-out", "daily cap", "time", "without consent", "approved by", "SMS",
    "days", "held out", "before", "after", "exposed", "sent before", "sent after", "held before",
    "held after", "delivered", "sent", "created", "approved", "ended", "event",
    # Of incidents and leads.
    "incident", "title", "stage", "until", "parts", "leads", "department", "waiting", "useful",
    "summary", "lead", "cluster", "numbers", "first", "last", "among them", "sent by", "made at",
    "rows", "masked", "left out", "opened", "edited", "joined", "parted", "moved", "lead drafted",
    "lead sent", "lead received", "lead answered", "lead withdrawn", "key",
    # Figures of models' cards.
    "fraud", "fraud blocked", "ham", "ham blocked", "frauds", "blocked frauds", "ordinary",
    "blocked ordinary", "auc", "recall", "false positive rate", "test", "test hosts", "test links",
    # Why numbers are a cluster.
    "calls", "people per call", "called per call", "calls an hour", "answered share",
    "seconds talked", "new numbers", "activation hours", "blocked per number", "hours",
    "blocked share", "blocked numbers", "numbers an hour", "numbers a day", "trunks",
    "handsets a number",
    "contradicted", "contradicts itself", "under", "over", "within", "covers",
)  # fmt: skip
"""Names of fields that commands show beside their values, with spaces for underscores."""

_CRITICAL = (
    *("bank", "broker", "carrier", "cloud", "delivery", "developer", "device and update"),
    *("education", "financial authority", "government", "health", "insurance", "job and home"),
    *("mail", "map", "messaging", "news", "payment", "resolver", "search", "shopping", "social"),
    *("travel", "trust service", "utility", "video"),
)
"""Categories of the shipped list of critical names; files of users may have others."""
EXTRA = (
    *(("risk_reason", word) for word in ("listed", "confirmed", "range", "related", "on_trial")),
    ("role", "partner"),
    *(("meaning", word) for word in (
        *("paid", "officer", "stop", "who", "no", "yes", "other", "silence", "repeat"),
    )),
    *(("robot_outcome", word) for word in (
        *("understood", "paid", "officer", "stopped", "lost", "listened", "reached"),
    )),
    *(("brings", word) for word in ("entries", "warnings", "reports")),
    *(("pull_result", word) for word in (
        *("added", "replaced", "duplicate", "refused", "invalid", "unreadable"),
        *("accepted", "joined", "counted", "repeated", "old", "flooding", "ring", "proposed"),
        *("proposed before", "too many proposals", "not listable", "locked", "protected"),
        *("popular", "allowed", "blocked"),
    )),
    *(("education_person", word) for word in (
        *("held out", "to send", "queued", "sent", "failed", "withheld", "delivered", "outside"),
        *("opted out", "educated", "held out elsewhere"),
    )),
    *(("unit_level", level) for level in ("province", "city", "county")),
    *(("measure", name) for name in (
        *("tasks in time", "warned in time", "reached", "finished", "dissuaded", "accuracy"),
        "blocks kept",
    )),
    *(("critical_category", category) for category in _CRITICAL),
    ("entry_kind", "url"), ("means_kind", "number"), ("row_outcome", "invalid"),
    ("hit_stream", "all"), ("role", "source"), ("role", "dispatcher"),
    ("appeal_state", "in review"), ("relation_state", "confirmed"),
    ("expiry", "never"),
    *(("exit_step", step) for step in (
        *("icp cancelled", "custody closed", "payment closed", "app removed"),
        *("numbers barred", "repaid", "case filed", "penalty"),
    )),
    ("relation_state", "suspected"), ("relation_state", "unmarked"),
)  # fmt: skip
"""Words that commands use beside those of an enum."""


def enum_word(kind: str, word: str) -> str:
    """Return a word of an enum; *kind* is the prefix of its values, such as ``entry_kind``."""
    return pgettext(kind, word.lower()) if word else ""


def field_label(name: str) -> str:
    """Return the label of a field such as ``list_version``."""
    return gettext(name.replace("_", " "))


def word(name: str, prefix: str) -> str:
    """Make a word of the name of an enum value; empty for the unspecified one."""
    short = name.removeprefix(prefix).lower()
    return "" if short == "unspecified" else short


def wire_name(enum: Any, number: int) -> str:
    """Return the name of a value of a wire *enum*, its number where it is not known here."""
    known = enum.DESCRIPTOR.values_by_number
    return str(known[number].name) if number in known else str(number)


def wire_word(enum: Any, number: int) -> str:
    """Return the word of a value of a wire *enum*, such as ``block``; a number as `wire_name`."""
    return word(wire_name(enum, number), _prefix(enum))


def shown_word(enum: Any, number: int) -> str:
    """Return the word of a value of a wire *enum*, in the language of the user."""
    return enum_word(_prefix(enum).lower().rstrip("_"), wire_word(enum, number))


def words_of(enum: Any) -> dict[str, Any]:
    """Return the values of a wire *enum* by their words, without the unspecified one."""
    return {word(name, _prefix(enum)): number for name, number in enum.items() if number}


def _prefix(enum: Any) -> str:
    return str(enum.DESCRIPTOR.values_by_number[0].name).removesuffix("UNSPECIFIED")


class LazyTable(Mapping[Key, Value]):
    """A table with enums of the wire, made when it is first read: help needs no generated code."""

    def __init__(self, make: Callable[[], Mapping[Key, Value]]) -> None:
        self._make = make

    @cached_property
    def _table(self) -> Mapping[Key, Value]:
        return self._make()

    def __getitem__(self, key: Key) -> Value:
        return self._table[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)
