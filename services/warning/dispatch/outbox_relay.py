"""Relays outbox tasks of cases to streams in other slots: messages, feedback and outcomes.

This is a transactional outbox. The script that commits events of a case also appends tasks to the
outbox of its shard (`projections.outbox_tasks`), and the relay carries them over. After a crash a
task is repeated, and each append happens once, by a marker in the slot of the target stream:

=================================  ==========================================  =====================
target stream                      what is appended                            once by
=================================  ==========================================  =====================
``fanzha:warning:out:<channel>``   a composed message, unless it is obsolete   message id
``fanzha:warning:feedback:<name>`` progress of a case, for the source          reference, case, step
``fanzha:warning:outcomes``        a closed case, for `outcomes`               case id
``fanzha:warning:stop_payments``   a case in which something was paid          case id
=================================  ==========================================  =====================
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol, TypeAlias

from fanzha.errors import InvalidInput
from fanzha.tracing.trace_context import TRACEPARENT
from infra.redis.client import Client, hand_over, within
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import BLOCK_MS, StreamConsumer
from services.warning import keys
from services.warning.cases import ids
from services.warning.cases.events import CaseEvent, EventKind, MessageRef
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.model import OWN_SOURCES

GROUP = "relay"
_SECONDS = 4.0
_MARKER_S = 180 * 86_400
_APPEND_ONCE = """
if redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[1]) then
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(ARGV, 3))
  return 1
end
return 0
"""
_WITHHOLD = """
if redis.call('SET', KEYS[1], 'withheld', 'NX', 'EX', ARGV[1]) then
  return 1
end
return redis.call('GET', KEYS[1]) == 'withheld' and 1 or 0
"""
SUPERSEDED = "the tier was raised before it was sent: the message of the new tier replaces it"
_FEEDBACK_ROWS = 1_000_000
_OUT_ROWS = 10_000_000
_CASE_ROWS = 1_000_000
_CASE_STREAMS = {"outcome": keys.OUTCOMES, "stop_payment": keys.STOP_PAYMENTS}
"""Streams of cases, by the task that appends to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningText:
    """The composed text of a message."""

    text: str
    template: str = ""


class Composer(Protocol):
    """Composes messages."""

    def write(self, case: Case, message: MessageRef) -> WarningText:
        """Compose a message. Raises `InvalidInput` where none may be sent."""


OnWritten: TypeAlias = Callable[[Any, Case, MessageRef], None]
"""Is told of each message that is appended to its stream, with the pipeline that does it."""


def nothing_more(_pipeline: Any, _case: Case, _message: MessageRef) -> None:
    """Stand in where nobody wants to be told."""


class PlainComposer:
    """Composer with one text for all cases, the built-in fallback."""

    def write(self, case: Case, message: MessageRef) -> WarningText:
        """Return the general warning, or the correction of one."""
        if is_correction(case, message):
            return WarningText(
                text="【反诈预警】更正：此前的预警有误，请不必理会。", template="plain"
            )
        text = "【反诈预警】您可能正遭遇电信网络诈骗，请勿转账、勿透露验证码。咨询请拨打96110。"
        return WarningText(text=text, template="plain")


def send_stream(channel: str) -> str:
    """Return the send stream of a channel."""
    return f"fanzha:warning:out:{channel}"


class OutboxRelay:
    """Handler for the outbox streams. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        *,
        client: Client,
        store: CaseStore,
        composer: Composer,
        now_ms: Callable[[], int],
        relayed: Callable[[str], None] = lambda _channel: None,
        written: OnWritten = nothing_more,
    ) -> None:
        """*written* may add commands to the pipeline that appends a message."""
        self._written = written
        self._client: Any = client
        self._store = store
        self._composer = composer
        self._now_ms = now_ms
        self._relayed = relayed

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Relay tasks of one shard."""
        tasks = [entry.fields["task"].split(" ") for entry in entries]
        found = await self._store.find([task[1] for task in tasks])
        pipeline: Any = self._client.pipeline(transaction=False)
        channels: list[str] = []
        for task, case in zip(tasks, found, strict=True):
            if case is None:
                continue  # expired
            if task[0] == "send":
                message = MessageRef(id=task[2], channel=task[3], step=int(task[4]))
                channels += await self._send(pipeline, case, message)
            elif task[0] in _CASE_STREAMS:
                stream = _CASE_STREAMS[task[0]]
                _append_once(pipeline, stream, case.id, {"case_id": case.id}, _CASE_ROWS)
            else:
                self._feedback(pipeline, case)
        async with within(_SECONDS):
            await hand_over(self._client, pipeline)
        for channel in channels:
            self._relayed(channel)

    async def _send(self, pipeline: Any, case: Case, message: MessageRef) -> list[str]:
        """Append a message to its send stream; return its channel, or nothing if it is withheld."""
        if why := obsolete_reason(case, message):
            return await self._withhold(message, why)
        try:
            composed = self._composer.write(case, message)
        except InvalidInput as error:
            return await self._withhold(message, str(error))
        fields = {
            "message_id": message.id,
            "case_id": case.id,
            "to": case.victim,
            "text": composed.text,
            "template": composed.template,
            "tier": str(int(case.tier or 0)),
            "step": str(message.step),
            # Limits of a campaign are those of warnings.
            "campaign": message.id if _stands_alone(case, message) else case.campaign,
            "region": case.region.code,
            "queued_at_ms": str(self._now_ms()),
        }
        if case.trace:
            fields[TRACEPARENT] = case.trace
        append_message(pipeline, message.channel, fields)
        self._written(pipeline, case, message)
        return [message.channel]

    async def _withhold(self, message: MessageRef, why: str) -> list[str]:
        """Record that a message is not sent, unless it was relayed before a crash."""
        marker = _marker(send_stream(message.channel), message.id)
        async with within(_SECONDS):
            withheld = await self._client.eval(_WITHHOLD, 1, marker, _MARKER_S)
        if withheld:
            await record_not_sent(self._store, message, self._now_ms(), why)
        return []

    def _feedback(self, pipeline: Any, case: Case) -> None:
        steps = [
            ("warned", case.warned_at_ms),
            ("reached", case.reached_at_ms),
            (f"closed_{case.outcome.value}" if case.outcome else "", case.closed_at_ms),
        ]
        for origin in case.origins:
            if origin.source_name in OWN_SOURCES:
                continue  # they have no feedback stream
            for step, at_ms in steps:
                if at_ms:
                    fields = {"reference": origin.reference, "case_id": case.id, "what": step}
                    once = f"{origin.reference}\0{case.id}\0{step}"
                    _append_once(
                        pipeline,
                        keys.feedback(origin.source_name),
                        blake2b(once.encode(), digest_size=12).hexdigest(),
                        fields | {"at_ms": str(at_ms)},
                        _FEEDBACK_ROWS,
                    )


def append_message(pipeline: Any, channel: str, fields: Mapping[str, str]) -> None:
    """Add to *pipeline* the command that appends a message to its send stream, once by its id."""
    _append_once(pipeline, send_stream(channel), fields["message_id"], fields, _OUT_ROWS)


def _append_once(
    pipeline: Any, stream: str, step: str, fields: Mapping[str, str], rows: int
) -> None:
    values = [part for field in fields.items() for part in field]
    pipeline.eval(_APPEND_ONCE, 2, stream, _marker(stream, step), _MARKER_S, rows, *values)


def _marker(stream: str, step: str) -> str:
    """Return the key, in the slot of *stream*, that marks an append as done or withheld."""
    return f"once:{{{stream}}}:{step}"


def is_correction(case: Case, message: MessageRef) -> bool:
    """Say whether a message corrects the warnings of its case: it is sent after the case closed."""
    return message.id == ids.correction_id(case.id, message.channel)


def _stands_alone(case: Case, message: MessageRef) -> bool:
    """Say whether a message is no warning: limits of a campaign are those of warnings."""
    return message.step >= ids.ROBOT_STEP or is_correction(case, message)


def obsolete_reason(case: Case, message: MessageRef) -> str:
    """Return why a message is obsolete; empty: it is to be sent."""
    if is_correction(case, message):
        return ""
    if not case.open:
        return "the case was closed before it was sent"
    if message.step >= ids.ROBOT_STEP:
        return ""
    if case.tier and message.id != ids.message_id(case.id, case.tier, message.step):
        # Composed for the current tier, it would repeat the text of that tier's own message.
        return SUPERSEDED
    return ""


async def record_not_sent(store: CaseStore, message: MessageRef, at_ms: int, why: str) -> None:
    """Append FAILED for a queued message that is not sent. Idempotent."""

    def events(case: Case) -> list[CaseEvent]:
        if case.messages.get(message.id) != EventKind.QUEUED.value:
            return []
        return [CaseEvent(kind=EventKind.FAILED, at_ms=at_ms, by=GROUP, why=why, message=message)]

    await store.change(message.id.partition(".")[0], events)


def consumers(
    client: Client,
    relay: OutboxRelay,
    *,
    consumer: str,
    dead: DeadLetters,
    now_ms: Callable[[], int],
    died: Callable[[str], None] = lambda _stream: None,
    claim_ms: int,
    block_ms: int = BLOCK_MS,
) -> list[StreamConsumer]:
    """Build a consumer for the outbox of each shard."""
    return [
        StreamConsumer(
            ConsumerGroup(client, stream=keys.key(shard, "outbox"), group=GROUP, consumer=consumer),
            relay.handle,
            dead_letters=dead,
            now_ms=now_ms,
            on_dead_letter=died,
            drop=True,
            claim_ms=claim_ms,
            block_ms=block_ms,
        )
        for shard in keys.SHARDS
    ]
