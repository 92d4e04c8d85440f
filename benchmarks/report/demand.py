"""Load of a carrier in its busy hour: assumptions, to be replaced by one's own figures."""

from dataclasses import dataclass

_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """The traffic of one subscriber on one channel."""

    channel: str
    what: str
    a_day: float
    busy_hour: float
    """Share of the day in its busiest hour."""
    peak: float
    """Ratio of the busiest seconds of that hour to its mean."""
    reaching: float = 1.0
    """Share that reaches the service; caches in front answer the rest."""
    why: str

    def per_second(self, subscribers: int) -> float:
        """Return decisions a second in the busiest seconds."""
        return subscribers * self.a_day * self.busy_hour * self.peak * self.reaching / _HOUR


HABITS = (
    Habit(
        channel="call", what="call attempts", a_day=4, busy_hour=0.10, peak=1.5,
        why="made calls, answered or not; a tenth of the day in the busy hour is the usual rule "
        "for voice networks",
    ),
    Habit(
        channel="text", what="texts", a_day=3, busy_hour=0.10, peak=3,
        why="nearly all sent by businesses, which send in bursts",
    ),
    Habit(
        channel="link", what="look-ups of names", a_day=500, busy_hour=0.07, peak=1.5,
        reaching=0.05,
        why="a resolver keeps answers: with a cache of minutes for a host some 5 % are sent to us",
    ),
)  # fmt: skip

PROVINCE, COUNTRY = 70_000_000, 1_750_000_000
PLACES = {"a province such as Hunan": PROVINCE, "a country of 25 such": COUNTRY}
USED = 0.5
"""Share of a core's capacity to plan for; the rest covers failures and bursts."""
