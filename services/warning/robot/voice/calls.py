"""Calls one person, plays and hears over RTP, and hangs up whatever happens."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from infra.rtp.audio_stream import AudioStream, NoMediaPort
from infra.rtp.g711 import Samples
from infra.rtp.speech_meter import SpeechMeter
from infra.sip import session_description
from infra.sip.outgoing_call import CallRefused, OutgoingCall
from infra.sip.session_description import UnusableAnswer
from infra.sip.user_agent import SipUserAgent
from services.warning.robot.voice import call_ends
from services.warning.robot.voice.call_ends import CallEnd, CallFailure
from services.warning.robot.voice.conversation import (
    ConversationPlan,
    TalkResult,
    VoiceConversation,
)

MOST_CALL_SECONDS = 600.0
"""Of one call, whatever its script; it is hung up then."""
_MOST_KEYS = 32
"""That wait; a conversation takes one for each text."""
_MACHINE_WITHIN_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRules:
    """How calls are made."""

    ring_seconds: float = 45.0
    machine_seconds: float = 4.0
    """Speech without a pause that only a machine makes; 0: nobody listens for it."""
    with_plus: bool = True
    """Whether numbers have their plus sign."""
    media_ports: Sequence[int] = (0,)


class CalledPhone:
    """The other end of a call that was taken."""

    def __init__(self, call: OutgoingCall, stream: AudioStream, keys: "asyncio.Queue[str]") -> None:
        self.keys = keys
        self.ended = call.ended
        self.machine = asyncio.Event()
        self._stream = stream

    async def play(self, samples: Samples) -> bool:
        """Play audio; return True at its end, False where it was stopped."""
        return await self._stream.play(samples)

    def stop(self) -> None:
        """Stop what is playing."""
        self._stream.stop()

    def watch_for_machine(self, seconds: float) -> None:
        """Set `machine` where the call begins with a speech of so many seconds."""
        clock = asyncio.get_running_loop().time
        until = clock() + _MACHINE_WITHIN_SECONDS

        def heard(meter: SpeechMeter) -> None:
            if meter.longest_ms >= seconds * 1000 and clock() < until:
                self.machine.set()

        self._stream.on_audio = heard


class PhoneCaller:
    """Makes calls, by one agent."""

    def __init__(self, agent: SipUserAgent, rules: CallRules) -> None:
        self._agent = agent
        self._rules = rules
        self._opened = False

    async def ready(self) -> None:
        """Return once the trunk is connected."""
        if not self._opened:
            self._opened = True
            await self._agent.open()
        await self._agent.link.connected()

    async def close(self) -> None:
        """Disconnect."""
        await self._agent.close()

    async def call(self, number: str, plan: ConversationPlan) -> TalkResult | CallFailure:
        """Call an E.164 number and talk; return how that went. Cancelled, it hangs up."""
        keys: asyncio.Queue[str] = asyncio.Queue(_MOST_KEYS)

        def pressed(key: str) -> None:
            if not keys.full():
                keys.put_nowait(key)

        host = self._agent.link.local[0]
        try:
            stream = await AudioStream.opened(host, self._rules.media_ports, pressed)
        except NoMediaPort:
            return CallFailure(end=CallEnd.TRUNK_DOWN, why="no port is free for audio", rang=False)
        offer = session_description.offer(host, stream.port, session=secrets.randbits(32))
        written = number if self._rules.with_plus else number.lstrip("+")
        heard = self._agent.link.heard
        call = self._agent.call(written, offer, on_key=pressed)
        try:
            answer = session_description.read_answer(await call.ring(self._rules.ring_seconds))
            stream.begin(answer, peer_host=self._agent.link.peer_host)
            return await self._talk(CalledPhone(call, stream, keys), call, plan)
        except CallRefused as refused:
            # Other calls go on over a link that is alive: a new one would cut them off.
            if refused.silent and self._agent.link.heard == heard:
                self._agent.link.reset()
            return call_ends.failure_of(refused)
        except UnusableAnswer as error:
            return CallFailure(end=CallEnd.NO_AUDIO, why=str(error))
        finally:
            try:
                await asyncio.shield(call.hang_up())
            finally:
                await stream.close()

    async def _talk(
        self, phone: CalledPhone, call: OutgoingCall, plan: ConversationPlan
    ) -> TalkResult:
        if self._rules.machine_seconds:
            phone.watch_for_machine(self._rules.machine_seconds)
        ending = asyncio.get_running_loop().call_later(MOST_CALL_SECONDS, call.give_up)
        try:
            return await VoiceConversation(plan, phone).run()
        finally:
            ending.cancel()
