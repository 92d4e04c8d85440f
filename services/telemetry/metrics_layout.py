"""Layout of the metrics page of a worker: one float per series, fixed at start."""

from collections.abc import Iterator
from itertools import product

from blocklists.entries import EntryKind, Source
from blocklists.snapshot.findings import FindingKind
from fanzha.decisions import Action, Reason
from fanzha.fraud import FraudType
from fanzha.tables import Channel
from services.decision.channel_kinds import OF_CHANNEL
from services.decision.model_kinds import ModelKind
from services.decision.shadow.models import MarkChange, ShadowDifference
from services.telemetry.drift_families import DRIFT_ALARMS, FEATURE_DRIFT, SCORE_DRIFT, WORDS
from services.telemetry.metric_family import Family
from services.telemetry.request_families import (
    QUEUE_SECONDS,
    REQUEST_IDS,
    REQUEST_SECONDS,
    REQUESTS_SHED,
    RPC_ERRORS,
)

STAGES = ("convert", "lists", "model", "velocity", "policy", "shadow", "respond")
STAGE_SECONDS = (
    *(1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3),
    *(5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 1.0),
)
PROPAGATION_SECONDS = (1e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
BATCH_ROWS = tuple(2**power for power in range(13))
CHANNELS = tuple(Channel)

REASON_SPAN = max(Reason) + 1
DECISION_SPAN = (max(Action) + 1) * REASON_SPAN
"""Places of one channel's decision counters: one for each pair of action and reason."""
CHANGES = tuple(change.name.lower() for change in ShadowDifference)
MARK_CHANGES = tuple(change.name.lower() for change in MarkChange)
KINDS = tuple(ModelKind)
CASCADES = {Channel.TEXT: "text", Channel.LINK: "link"}
"""Channels whose bundles may have a second stage."""
ESCALATION_OUTCOMES = ("escalated", "cached", "skipped", "failed")
REVIEW_OUTCOMES = "put_up", "left_out"
FACT_SOURCES = "gateway", "file"
FRAUD_TYPES = tuple(fraud_type.name.lower() for fraud_type in FraudType)


def _decisions() -> Iterator[tuple[str, ...]]:
    for channel, action, reason in product(CHANNELS, range(3), range(REASON_SPAN)):
        named = action in set(Action) and reason in set(Reason)
        yield (
            WORDS[channel],
            Action(action).name.lower() if named else "",
            Reason(reason).name.lower() if named else "",
        )


_BY_CASCADE = tuple((word,) for word in CASCADES.values())
_BY_CHANNEL = tuple((WORDS[channel],) for channel in CHANNELS)
# The velocity model counts as a channel of its own, under the name of its kind.
_BY_KIND = (*((WORDS[channel],) for channel in OF_CHANNEL), (ModelKind.VELOCITY.value,))

DECISIONS = Family(
    name="fanzha_decisions",
    kind="counter",
    text="Decisions, by channel, action and reason.",
    labels=("channel", "action", "reason"),
    values=tuple(_decisions()),
)
STAGE = Family(
    name="fanzha_stage_seconds",
    kind="histogram",
    text="Time a batch spends in each stage of deciding.",
    labels=("channel", "stage"),
    values=tuple((WORDS[channel], stage) for channel, stage in product(CHANNELS, STAGES)),
    bounds=STAGE_SECONDS,
)
ROWS = Family(
    name="fanzha_batch_rows",
    kind="histogram",
    text="Rows decided together.",
    labels=("channel",),
    values=_BY_CHANNEL,
    bounds=BATCH_ROWS,
)
MODEL_FAILURES = Family(
    name="fanzha_model_failures",
    kind="counter",
    text="Batches whose model failed; their rows were let through.",
    labels=("channel",),
    values=_BY_CHANNEL,
)
VELOCITY_FAILURES = Family(
    name="fanzha_velocity_failures",
    kind="counter",
    text="Batches of calls whose velocity model failed; none of their rows was marked.",
)
DISGUISED_TEXTS = Family(
    name="fanzha_disguised_texts",
    kind="counter",
    text="Texts with emoji, spaces or the like in words, which the model also read without.",
)
HOST_FACTS = Family(
    name="fanzha_host_facts",
    kind="counter",
    text="Links with a fact on their domain: sent by the gateway, or added from host_facts_file.",
    labels=("source",),
    values=tuple((source,) for source in FACT_SOURCES),
)
HOST_FACTS_DOMAINS = Family(
    name="fanzha_host_facts_domains",
    kind="gauge",
    text="Domains of host_facts_file in force.",
)
HOST_FACTS_REFUSED = Family(
    name="fanzha_host_facts_refused",
    text="Changes of host_facts_file that were refused; what was read before stays in force.",
)
REVIEWS = Family(
    name="fanzha_reviews",
    kind="counter",
    text="Rows let through that score close to the threshold: put up for review, or left out.",
    labels=("channel", "outcome"),
    values=tuple(product(WORDS.values(), REVIEW_OUTCOMES)),
)
ESCALATIONS = Family(
    name="fanzha_escalations",
    kind="counter",
    text="Texts and links with an uncertain score: escalated to the second stage, answered from "
    "its cache, skipped for lack of budget, or failed; the last two kept their fast score.",
    labels=("channel", "outcome"),
    values=tuple(product(CASCADES.values(), ESCALATION_OUTCOMES)),
)
ESCALATION_SECONDS = Family(
    name="fanzha_escalation_seconds",
    kind="counter",
    text="Time spent in the second stage of the text and the link model.",
    labels=("channel",),
    values=_BY_CASCADE,
)
CASCADE_AVAILABLE = Family(
    name="fanzha_cascade_available",
    kind="gauge",
    text="1: the model escalates uncertain rows to its second stage; 0: that stage did not load; "
    "absent where the bundle has none or the settings disable it.",
    labels=("channel",),
    values=_BY_CASCADE,
)
SHADOW_DECISIONS = Family(
    name="fanzha_shadow_decisions",
    kind="counter",
    text="Rows scored by a shadow model, by how its decision would differ.",
    labels=("channel", "change"),
    values=tuple((WORDS[channel], change) for channel, change in product(CHANNELS, CHANGES)),
)
SHADOW_TEXT_CHANGES = Family(
    name="fanzha_shadow_text_changes",
    kind="counter",
    text="Texts a shadow model would decide otherwise, by fraud type of the blocking decision.",
    labels=("change", "fraud_type"),
    values=tuple(product(CHANGES[1:], FRAUD_TYPES)),
)
SHADOW_MARKS = Family(
    name="fanzha_shadow_marks",
    kind="counter",
    text="Calls scored by a shadow of the velocity model, by how its mark would differ.",
    labels=("change",),
    values=tuple((change,) for change in MARK_CHANGES),
)
SHADOW_FAILURES = Family(
    name="fanzha_shadow_failures",
    kind="counter",
    text="Batches whose shadow model failed; decisions are unaffected.",
    labels=("channel",),
    values=_BY_KIND,
)
MODEL_SWAPS = Family(
    name="fanzha_model_swaps",
    kind="counter",
    text="Changes of the model that decides, rollbacks included.",
    labels=("channel",),
    values=_BY_KIND,
)
MODEL_REFUSALS = Family(
    name="fanzha_model_refusals",
    kind="counter",
    text="Model bundles refused because a check failed.",
    labels=("channel",),
    values=_BY_KIND,
)
SIGHTINGS_DROPPED = Family(
    name="fanzha_graph_sightings_dropped",
    text="Events that could not be added to the graph of what is seen together: more than 64 of "
    "one batch, more different ones than are written in a second, or the store was away.",
)
RELATED_ENTITIES = Family(
    name="fanzha_related_entities",
    kind="gauge",
    text="Confirmed and suspected numbers, names and links that the worker knows.",
)
PROPAGATION = Family(
    name="fanzha_related_propagation_seconds",
    kind="histogram",
    text="Time from a change of a confirmed or suspected entity to its effect in the worker.",
    bounds=PROPAGATION_SECONDS,
)
FIELDS = {
    Channel.CALL: ("caller", "callee", "other"),
    Channel.TEXT: ("sender", "receiver", "body", "other"),
    Channel.LINK: ("url", "subscriber", "other"),
}
ROWS_UNREADABLE = Family(
    name="fanzha_rows_unreadable",
    text="Rows let through because a field cannot be read, such as a caller without a number.",
    labels=("channel", "field"),
    values=tuple((WORDS[channel], field) for channel in CHANNELS for field in FIELDS[channel]),
)
ROWS_CUT = Family(
    name="fanzha_rows_cut",
    text="Rows of requests beyond their byte limit, decided by their parties and the beginning of "
    "the body or URL.",
    labels=("channel",),
    values=_BY_CHANNEL,
)
CALLS_EXCHANGED = Family(
    name="fanzha_calls_exchanged",
    text="Calls, and ends of calls, by what workers made of them for each other.",
    labels=("what",),
    values=(("told",), ("heard",), ("left_out",)),
)
MONITORED = Family(
    name="fanzha_decisions_monitored",
    text="Decisions that would have blocked, let through because the policy of the carrier only "
    "monitors the channel.",
    labels=("channel",),
    values=_BY_CHANNEL,
)
DRY_RUNS = Family(
    name="fanzha_dry_run_decisions",
    text="Decisions of dry runs, such as checks; only fanzha_escalations counts them, too.",
    labels=("channel", "action"),
    values=tuple(product(WORDS.values(), ("allow", "block"))),
)
FINGERPRINT_HITS = Family(
    name="fanzha_fingerprint_hits",
    text="Texts decided by a listed fingerprint; see fanzha campaigns for each fingerprint.",
    labels=("action",),
    values=tuple((action.name.lower(),) for action in Action),
)
BULK_CAMPAIGNS = Family(
    name="fanzha_bulk_campaigns",
    kind="counter",
    text="Bulk campaigns found without a listed fingerprint.",
)
HITS_WRITTEN = Family(name="fanzha_hits_written", kind="counter", text="Hits written to Redis.")
HITS_DROPPED = Family(
    name="fanzha_hits_dropped", kind="counter", text="Hits dropped because the buffer was full."
)
HITS_BUFFERED = Family(
    name="fanzha_hit_buffer_rows", kind="gauge", text="Hits waiting to be written to Redis."
)
LOG_WRITTEN = Family(
    name="fanzha_decision_log_rows", kind="counter", text="Rows written to the decision log."
)
LOG_BYTES = Family(
    name="fanzha_decision_log_bytes", kind="counter", text="Bytes of decision log segments written."
)
LOG_DROPPED = Family(
    name="fanzha_decision_log_dropped",
    kind="counter",
    text="Rows lost by the decision log, by cause: full buffer or disk failure.",
    labels=("cause",),
    values=(("buffer",), ("disk",)),
)
LOG_BUFFERED = Family(
    name="fanzha_decision_log_buffer_rows",
    kind="gauge",
    text="Rows waiting to be written to the decision log.",
)
ENTRY_HITS_DROPPED = Family(
    name="fanzha_entry_hits_dropped",
    kind="counter",
    text="Hits missing in the counts of list entries, because too many waited to be written.",
)
SHADOW_ENTRY_HITS = Family(
    name="fanzha_shadow_entry_hits",
    kind="counter",
    text="Rows that a shadow entry would have blocked: let through without it, or blocked anyway.",
    labels=("kind", "source", "decided"),
    values=tuple(
        (kind.name.lower(), source.name.lower(), decided)
        for kind, source, decided in product(EntryKind, Source, ("let_through", "blocked_anyway"))
    ),
)
SHADOW_ENTRY_PLACES = {
    (int(kind), int(source)): 2 * place
    for place, (kind, source) in enumerate(product(EntryKind, Source))
}
SHADOW_ENTRIES = Family(
    name="fanzha_shadow_entries",
    kind="gauge",
    text="Shadow entries in the lists.",
)
POLICY_VERSION = Family(
    name="fanzha_carrier_policy_version",
    kind="gauge",
    text="Version of the carrier policy in force; 0 for none, and for a file.",
)
POLICY_CURRENT_AT = Family(
    name="fanzha_carrier_policy_current_timestamp_seconds",
    kind="gauge",
    text="Unix time at which the carrier policy in force was last known to be the newest.",
)
POLICIES_REFUSED = Family(
    name="fanzha_carrier_policies_refused",
    kind="counter",
    text="Versions of the carrier policy that could not be taken over; the one before stays.",
)
LIST_VERSION = Family(
    name="fanzha_list_version", kind="gauge", text="Version of the lists in force."
)
LIST_ENTRIES = Family(name="fanzha_list_entries", kind="gauge", text="Entries in force.")
LIST_FINDINGS = Family(
    name="fanzha_list_findings",
    kind="gauge",
    text="Unsettled findings about versions of the lists in force, by kind.",
    labels=("kind",),
    values=tuple((kind.value,) for kind in FindingKind),
)
LIST_FILES_REFUSED = Family(
    name="fanzha_list_files_refused",
    kind="counter",
    text="Damaged list snapshots refused; the former lists stay in force.",
)
LIST_CURRENT_AT = Family(
    name="fanzha_list_current_timestamp_seconds",
    kind="gauge",
    text="Unix time at which the lists in force were last known to be current.",
)

TASKS = (
    *("worker reports", "model follower", "campaign reports", "counts of list hits"),
    *("writing of hits", "writing of refusals", "claim of the decision id prefix", "decision log"),
    *("sightings", "marks of the graph", "facts on domains"),
    "calls of other workers",
)
"""The background tasks of a worker, as `infra.periodic` counts their failures."""
TASK_FAILURES = Family(
    name="fanzha_periodic_task_failures",
    kind="counter",
    text="Runs of background tasks that failed and are retried, by task.",
    labels=("task",),
    values=tuple((task,) for task in (*TASKS, "other")),
)
FAMILIES = (
    TASK_FAILURES,
    *(SHADOW_DECISIONS, SHADOW_TEXT_CHANGES, SHADOW_MARKS),
    *(SHADOW_FAILURES, MODEL_SWAPS, MODEL_REFUSALS),
    *(DECISIONS, STAGE, ROWS, MODEL_FAILURES, RPC_ERRORS, HITS_WRITTEN, HITS_DROPPED),
    *(VELOCITY_FAILURES, DISGUISED_TEXTS, REQUESTS_SHED),
    *(ROWS_UNREADABLE, ROWS_CUT, REQUEST_IDS, MONITORED, DRY_RUNS, CALLS_EXCHANGED),
    *(POLICY_VERSION, POLICY_CURRENT_AT, POLICIES_REFUSED),
    *(REVIEWS, ESCALATIONS, ESCALATION_SECONDS, CASCADE_AVAILABLE),
    *(HITS_BUFFERED, LIST_VERSION, LIST_ENTRIES, LIST_CURRENT_AT, SCORE_DRIFT),
    *(DRIFT_ALARMS, FEATURE_DRIFT, FINGERPRINT_HITS, BULK_CAMPAIGNS),
    *(LOG_WRITTEN, LOG_BYTES, LOG_DROPPED, LOG_BUFFERED),
    *(LIST_FINDINGS, LIST_FILES_REFUSED),
    *(HOST_FACTS, HOST_FACTS_DOMAINS, HOST_FACTS_REFUSED),
    *(SIGHTINGS_DROPPED, RELATED_ENTITIES, PROPAGATION, QUEUE_SECONDS, REQUEST_SECONDS),
    *(ENTRY_HITS_DROPPED, SHADOW_ENTRY_HITS, SHADOW_ENTRIES),
)


def _starts() -> dict[str, int]:
    starts, at = {}, 0
    for family in FAMILIES:
        starts[family.name] = at
        at += family.span
    return starts


START = _starts()
"""Place of the first figure of each family."""
SIZE = sum(family.span for family in FAMILIES)
"""Figures on a page."""


def cascade_place(family: Family, channel: Channel) -> int:
    """Return where the figure of a channel with a second stage lies."""
    return START[family.name] + list(CASCADES).index(channel)


def escalations_place(channel: Channel) -> int:
    """Return where the escalations of a channel begin."""
    return START[ESCALATIONS.name] + list(CASCADES).index(channel) * len(ESCALATION_OUTCOMES)
