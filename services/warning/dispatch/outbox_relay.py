"""Does what follows from the events of cases: warnings to channels, outcomes to who learns of them.

The script that writes an event also appends a *todo* to a stream in the slot of its case, so what
follows cannot be forgotten; here it is carried to other slots. A crash in between repeats it, and
repeating is harmless: a message is appended to the stream of its channel once by its id, or left
for good, an outcome to that of its source once by reference, case and outcome, and a case that
teaches to that of `learning` once. A todo is dropped once done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

from fanzha.errors import InvalidInput
from infra.redis.client import Client, within
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import BLOCK_MS, StreamConsumer
from services.warning import keys
from services.warning.cases import ids
from services.warning.cases.events import CaseEvent, EventKind, MessageRef
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.model import OWN_HITS

GROUP = "relay"
_SECONDS = 4.0
_MARKER_S = 180 * 86_400
_ONCE = """
if redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[1]) then
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(ARGV, 3))
  return 1
end
return 0
"""
_LEAVE = """
if redis.call('SET', KEYS[1], 'left', 'NX', 'EX', ARGV[1]) then
  return 1
end
return redis.call('GET', KEYS[1]) == 'left' and 1 or 0
"""
SUPERSEDED = "the case was raised before it went out: the warning of its tier goes instead"
_FEEDBACK_ROWS = 1_000_000
_OUT_ROWS = 10_000_000
_LEARN_ROWS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningText:
    """The words of a warning."""

    text: str
    template: str = ""


class Composer(Protocol):
    """Writes warnings."""

    def write(self, case: Case, message: MessageRef) -> WarningText:
        """Return the words of a warning; `InvalidInput` where there are none fit to send."""


class PlainComposer:
    """Says the same to everybody."""

    def write(self, case: Case, message: MessageRef) -> WarningText:  # noqa: ARG002
        """Warn in general words."""
        text = "【反诈预警】您可能正遭遇电信网络诈骗，请勿转账、勿透露验证码。咨询请拨打96110。"
        return WarningText(text=text, template="plain")


def send_stream(channel: str) -> str:
    """Return the stream of warnings that a channel sends."""
    return f"fanzha:warning:out:{channel}"


class OutboxRelay:
    """Handles todos. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        *,
        client: Client,
        store: CaseStore,
        composer: Composer,
        now_ms: Callable[[], int],
        relayed: Callable[[str], None] = lambda _channel: None,
    ) -> None:
        self._client: Any = client
        self._store = store
        self._composer = composer
        self._now_ms = now_ms
        self._relayed = relayed

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Do what the entries of one shard say."""
        todos = [entry.fields["task"].split(" ") for entry in entries]
        found = await self._store.find([todo[1] for todo in todos])
        adding: Any = self._client.pipeline(transaction=False)
        channels: list[str] = []
        for todo, case in zip(todos, found, strict=True):
            if case is None:
                continue  # forgotten since
            if todo[0] == "send":
                message = MessageRef(id=todo[2], channel=todo[3], step=int(todo[4]))
                channels += await self._send(adding, case, message)
            elif todo[0] == "outcome":
                self._once(adding, keys.OUTCOMES, case.id, {"case_id": case.id}, _LEARN_ROWS)
            else:
                self._tell(adding, case)
        async with within(_SECONDS):
            await adding.execute()
        for channel in channels:
            self._relayed(channel)

    async def _send(self, adding: Any, case: Case, message: MessageRef) -> list[str]:
        """Hand a message to its channel; return that, or nothing where it is not to be sent."""
        if why := obsolete_reason(case, message):
            return await self._leave(message, why)
        try:
            written = self._composer.write(case, message)
        except InvalidInput as error:
            return await self._leave(message, str(error))
        fields = {
            "message_id": message.id,
            "case_id": case.id,
            "to": case.victim,
            "text": written.text,
            "template": written.template,
            "tier": str(int(case.tier or 0)),
            "step": str(message.step),
            "campaign": case.campaign,
            "region": case.region.code,
            "queued_at_ms": str(self._now_ms()),
        }
        self._once(adding, send_stream(message.channel), message.id, fields, _OUT_ROWS)
        return [message.channel]

    async def _leave(self, message: MessageRef, why: str) -> list[str]:
        """Put on record that a message is not sent, unless it was handed on before a crash."""
        marker = _marker(send_stream(message.channel), message.id)
        async with within(_SECONDS):
            left = await self._client.eval(_LEAVE, 1, marker, _MARKER_S)
        if left:
            await record_not_sent(self._store, message, self._now_ms(), why)
        return []

    def _tell(self, adding: Any, case: Case) -> None:
        happened = [
            ("warned", case.warned_at_ms),
            ("reached", case.reached_at_ms),
            (f"closed_{case.outcome.value}" if case.outcome else "", case.closed_at_ms),
        ]
        for origin in case.origins:
            if origin.source_name == OWN_HITS:
                continue  # its readers follow the cases themselves
            for what, at_ms in happened:
                if at_ms:
                    fields = {"reference": origin.reference, "case_id": case.id, "what": what}
                    once = f"{origin.reference}\0{case.id}\0{what}"
                    self._once(
                        adding,
                        keys.feedback(origin.source_name),
                        blake2b(once.encode(), digest_size=12).hexdigest(),
                        fields | {"at_ms": str(at_ms)},
                        _FEEDBACK_ROWS,
                    )

    @staticmethod
    def _once(adding: Any, stream: str, what: str, fields: dict[str, str], rows: int) -> None:
        values = [part for field in fields.items() for part in field]
        adding.eval(_ONCE, 2, stream, _marker(stream, what), _MARKER_S, rows, *values)


def _marker(stream: str, what: str) -> str:
    """Return what tells, in the slot of *stream*, that something was appended to it or left."""
    return f"once:{{{stream}}}:{what}"


def obsolete_reason(case: Case, message: MessageRef) -> str:
    """Say why a message is not to go out any more; empty: it is."""
    if not case.open:
        return "the case was closed before"
    if case.tier and message.id != ids.message_id(case.id, case.tier, message.step):
        # Written for the tier as it is now, it would be the same text a second time.
        return SUPERSEDED
    return ""


async def record_not_sent(store: CaseStore, message: MessageRef, at_ms: int, why: str) -> None:
    """Note on its case that a message was not sent, once."""

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
    """Make a consumer of the todos of each shard."""
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
