"""What calls of the robot need beside a phone: speech without words, and a plan of one call."""

from infra.rtp.g711 import Samples
from services.warning.cases.opening import ContactStep, PlainRouter
from services.warning.model import Tier
from tests.support.sip_phone import tone

LONG = "a warning that takes a minute"


class Tones:
    """Speaks texts as short tones, and one as a long one."""

    async def render(self, text: str, language: str) -> Samples:
        return tone(60.0 if text == LONG else 0.2)


class CallPlan(PlainRouter):
    """One call is the plan of each tier."""

    def step(self, tier: Tier, number: int) -> ContactStep | None:
        return ContactStep(channel="voice", within_ms=30 * 60_000) if number == 0 else None
