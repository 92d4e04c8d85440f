"""Whatever workers do and whoever dies: a message has a status of the table, and is sent once."""

from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from services.warning.dispatch.send_ledger import SendLedger, SendStatus
from tests.support.store_machines import StoreMachine, explore

OWNERS, MESSAGES = st.sampled_from(["a", "b"]), st.just("m1")
ENDS = (SendStatus.SENT, SendStatus.REFUSED)
RESULTS = (*ENDS, SendStatus.OPEN, SendStatus.DOUBT)
STREAM = "test:send"


class Ledger(StoreMachine):
    """One message, two workers of one channel, and what the channel got."""

    repeatable: ClassVar[bool] = False

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.ledgers = {
            name: SendLedger(self.client, STREAM, owner=name, on_disk=False) for name in "ab"
        }
        self.status = dict.fromkeys(("m1",), SendStatus.OPEN)
        self.owner = dict.fromkeys(("m1",), ("", 0))
        """Of the last claim: its owner and time."""
        self.is_old_run = dict.fromkeys(("m1",), False)
        self.claimed: set[tuple[str, int, str]] = set()
        """Claims whose owners were told that they have a message, and have not begun."""
        self.sending: set[tuple[str, str]] = set()
        self.accepted = dict.fromkeys(("m1",), 0)
        self.now = 0

    @rule(owner=OWNERS, message=MESSAGES)
    def claim(self, owner: str, message: str) -> None:
        self.now += 1
        (claim,) = self.do(
            self.ledgers[owner].claim([message], self.now, repeatable=self.repeatable)
        )

        expected = self._claimed_as(message)
        assert claim.status is expected
        self.status[message] = expected
        if expected is SendStatus.CLAIMED:
            self.owner[message], self.is_old_run[message] = (owner, self.now), False
            self.claimed.add((owner, self.now, message))

    def _claimed_as(self, message: str) -> SendStatus:
        known = self.status[message]
        untouched = known is SendStatus.CLAIMED and not self.is_old_run[message]
        if known in ENDS:
            return known
        if known is SendStatus.OPEN or untouched or self.repeatable:
            return SendStatus.CLAIMED
        return SendStatus.DOUBT

    @precondition(lambda self: self.claimed)
    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        owner, at, message = data.draw(st.sampled_from(sorted(self.claimed)))
        began = self.do(self.ledgers[owner].begin(message, at))

        mine = self.owner[message] == (owner, at)
        assert began == (mine and self.status[message] in (SendStatus.CLAIMED, SendStatus.SENDING))
        self.claimed.discard((owner, at, message))
        if began:
            self.status[message] = SendStatus.SENDING
            self.sending.add((owner, message))
            self.accepted[message] += 1

    @precondition(lambda self: self.sending)
    @rule(data=st.data(), status=st.sampled_from(RESULTS))
    def settle(self, data: st.DataObject, status: SendStatus) -> None:
        owner, message = data.draw(st.sampled_from(sorted(self.sending)))
        self.sending.discard((owner, message))
        if status in (SendStatus.OPEN, SendStatus.REFUSED):
            self.accepted[message] -= 1  # the channel said so
        held = self.do(self.ledgers[owner].settle(message, status, self.now, why="because"))

        if self.status[message] not in ENDS:
            self.status[message] = status
        assert held is self.status[message]

    @rule(owner=OWNERS, message=MESSAGES)
    def withhold(self, owner: str, message: str) -> None:
        """Refuse what may never be sent, before any claim."""
        if self.status[message] not in ENDS:
            return
        held = self.do(self.ledgers[owner].settle(message, SendStatus.REFUSED, self.now))

        assert held is self.status[message]

    @precondition(lambda self: self.claimed or self.sending)
    @rule(owner=OWNERS)
    def die(self, owner: str) -> None:
        self.claimed = {one for one in self.claimed if one[0] != owner}
        self.sending = {one for one in self.sending if one[0] != owner}

    @precondition(lambda self: SendStatus.CLAIMED in self.status.values())
    @rule()
    def restart_the_store(self) -> None:
        client: Any = self.client
        for message, status in self.status.items():
            if status is not SendStatus.OPEN:
                self.do(client.hset(f"state:{{{STREAM}}}:{message}", "run", "earlier"))
                self.is_old_run[message] = True

    @invariant()
    def is_sent_once(self) -> None:
        assert self.repeatable or all(count <= 1 for count in self.accepted.values())

    @invariant()
    def has_the_status_of_the_table(self) -> None:
        client: Any = self.client
        for message, status in self.status.items():
            known = self.do(client.hget(f"state:{{{STREAM}}}:{message}", "status"))
            assert SendStatus(known or "") is status


class RepeatableLedger(Ledger):
    """The ledger of a channel that deduplicates by itself."""

    repeatable = True


def test_no_message_is_sent_twice_in_any_order_of_claims_sends_and_deaths(redis_url: str) -> None:
    explore(Ledger, redis_url, examples=20, steps=20)


def test_no_message_is_lost_in_any_order_where_the_provider_deduplicates(redis_url: str) -> None:
    explore(RepeatableLedger, redis_url, examples=6, steps=20)
