"""Decisions on calls as a test wants them, in place of a service."""

import asyncio
from dataclasses import dataclass, field

from fanzha.client import Answer, Call, ProtocolAnswer
from fanzha.v1 import decision_pb2 as pb
from fanzha.v1.protocol_answer_pb2 import ProtocolHeader, SipAnswer
from integrations.common.settings import FailPolicy

ALLOWED = Answer(action=pb.ACTION_ALLOW, reason=pb.REASON_SCORED, decision_id=7)
FAILED = Answer(action=pb.ACTION_ALLOW, reason=pb.REASON_FAILED_OPEN, failed_open=True)
REASON = 'Q.850;cause=21;text="v=analytics1;url=https://appeal.example/;id=7";location=RLN'
BLOCKED = Answer(
    action=pb.ACTION_BLOCK,
    reason=pb.REASON_BLOCKLISTED,
    decision_id=7,
    protocol_answer=ProtocolAnswer(
        sip=SipAnswer(
            status=603,
            phrase="Network Blocked",
            headers=[ProtocolHeader(name="Reason", value=REASON)],
        )
    ),
)


@dataclass
class ChosenAnswers:
    """Answers every call alike; waits where *gate* is not set."""

    answer: Answer = ALLOWED
    policy: FailPolicy = FailPolicy.LET_THROUGH
    calls: list[Call] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def call(self, call: Call) -> Answer:
        self.calls.append(call)
        if self.gate is not None:
            await self.gate.wait()
        return self.answer

    def refuses(self, answer: Answer) -> bool:
        return self.policy is FailPolicy.REFUSE if answer.failed_open else answer.blocked
