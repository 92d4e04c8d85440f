"""Appeals of two years: against numbers and hosts of campaigns, most of them in vain."""

from collections.abc import Sequence

import numpy as np

from examples.province.campaigns import DAYS, FraudCampaign
from examples.province.stores import Province, person
from examples.province.timeline import Timeline
from fanzha.errors import InvalidInput, NotFound
from services.appeals.documents import SubmittedDocument
from services.appeals.model import AppealState
from services.appeals.review import ReviewDecision
from services.appeals.submission import AppealRequest
from services.auth import identity

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
_GROUNDS = (
    "本号码为公司客服热线，请求解除",
    "号码已转让，现机主与前机主无关",
    "网站为本单位报名系统，被误判",
    "手机被盗用发送短信，已挂失补卡",
)
_NAMES = ("某物流公司", "某社区医院", "某培训学校", "某汽修店", "李某", "王某", "陈某某")
_UPHELD, _WITHDRAWN = 0.3, 0.06
_OPEN_DAYS = 1.2


def plan(
    timeline: Timeline,
    campaigns: Sequence[FraudCampaign],
    start_ms: int,
    *,
    count: int,
    end_ms: int,
) -> None:
    """Add appeals to the timeline; those of the last day or so stay open."""
    chance = np.random.default_rng(13)
    span = DAYS * DAY_MS
    times = np.sort(start_ms + 3 * DAY_MS + (chance.random(count) ** 0.8 * (span - 3 * DAY_MS)))
    times[-max(count // 25, 3) :] = end_ms - chance.random(max(count // 25, 3)) * 30 * HOUR_MS
    for number, at in enumerate(np.sort(times).astype(np.int64).tolist()):
        day = (at - start_ms) // DAY_MS
        known = [one for one in campaigns if one.first_day + 2 <= day <= one.first_day + 300]
        if not known:
            continue
        one = known[int(chance.integers(len(known)))]
        some = [*one.numbers[2:], *one.hosts, *one.senders]
        pattern = some[int(chance.integers(len(some)))].pattern
        story = _AppealStory(number, pattern, chance)
        timeline.add(at, story.open)
        if end_ms - at > _OPEN_DAYS * DAY_MS:
            decided = at + int(chance.uniform(2, 22) * HOUR_MS)
            timeline.add(at + HOUR_MS, story.take)
            timeline.add(decided, story.decide)
        elif chance.random() < 0.4:  # noqa: PLR2004
            timeline.add(at + HOUR_MS, story.take)


class _AppealStory:
    """One appeal, from its opening to its decision."""

    def __init__(self, number: int, pattern: str, chance: np.random.Generator) -> None:
        self._number = number
        self._pattern = pattern
        self._end = float(chance.random())
        self._grounds = _GROUNDS[int(chance.integers(len(_GROUNDS)))]
        self._name = _NAMES[int(chance.integers(len(_NAMES)))]
        self._id = 0

    async def open(self, province: Province) -> None:
        """Open it at the desk of the carrier; one that concerns nothing of ours is turned away."""
        document = SubmittedDocument(name="营业执照.txt", content=b"invented")
        request = AppealRequest(
            pattern=self._pattern,
            occurred_at_ms=0,
            appellant=self._name,
            contact=f"+861700000{self._number % 1000:04}",
            grounds=self._grounds,
            documents=[document] if self._number % 3 == 0 else [],
            again=True,
        )
        with identity.acting_as(person("gateway")):
            try:
                appeal, _ = await province.appeals.appeals.opening.open(request)
            except (InvalidInput, NotFound):
                return
        self._id = appeal.appeal_id

    async def take(self, province: Province) -> None:
        """Take it into review."""
        if self._id:
            with identity.acting_as(person("zhao")):
                await province.appeals.appeals.review.take(self._id, "")

    async def decide(self, province: Province) -> None:
        """Uphold it, reject it, or let the appellant withdraw it."""
        if not self._id:
            return
        review = province.appeals.appeals.review
        if self._end < _WITHDRAWN:
            with identity.acting_as(person("gateway")):
                await review.withdraw(self._id, "当事人撤回申诉", "")
            return
        upheld = self._end < _WITHDRAWN + _UPHELD
        with identity.acting_as(person("zhao")):
            await review.decide(
                ReviewDecision(
                    appeal_id=self._id,
                    outcome=AppealState.UPHELD if upheld else AppealState.REJECTED,
                    reason="经核实为误判，予以解除" if upheld else "经核实，该号码多次拨打诈骗电话",
                    remedy="" if upheld else "可在六十日内申请行政复议",
                    documents_required="" if upheld else "机主身份证明、通话详单",
                )
            )
