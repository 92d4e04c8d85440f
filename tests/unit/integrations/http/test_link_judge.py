from collections import deque
from typing import Any

import pytest

from fanzha.client import Answer, Link
from fanzha.v1 import decision_pb2 as pb
from integrations.http.link_judge import LinkJudge


class Script:
    """Stands in the place of a decider: gives prepared answers, and counts what it is asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = deque(answers)
        self.asked: list[str] = []
        self.links: list[Link] = []

    async def link(self, link: Link) -> Answer:
        self.asked.append(link.url)
        self.links.append(link)
        return self._answers.popleft() if len(self._answers) > 1 else self._answers[0]


def answer(
    *, blocked: bool = False, version: int = 1, seconds: int = 60, failed: bool = False
) -> Answer:
    return Answer(
        action=pb.ACTION_BLOCK if blocked else pb.ACTION_ALLOW,
        reason=pb.REASON_BLOCKLISTED if blocked else pb.REASON_SCORED,
        list_version=version,
        cache_seconds=seconds,
        failed_open=failed,
    )


def judge(script: Any, entries: int = 8) -> tuple[LinkJudge, list[float]]:
    now = [0.0]
    return LinkJudge(script, entries, lambda: now[0]), now


async def test_what_passes_is_asked_once_until_its_time_is_over() -> None:
    script = Script(answer())
    asked, now = judge(script)

    for seconds in (0.0, 59.0, 61.0):
        now[0] = seconds
        await asked.decide("http://a.example/")

    assert len(script.asked) == 2


@pytest.mark.parametrize(
    "kept", [answer(blocked=True), answer(failed=True), answer(seconds=0)],
    ids=["blocked", "unanswered", "not to be kept"],
)  # fmt: skip
async def test_other_answers_are_asked_for_each_time(kept: Answer) -> None:
    script = Script(kept)
    asked, _ = judge(script)

    await asked.decide("http://a.example/")
    await asked.decide("http://a.example/")

    assert len(script.asked) == 2


async def test_a_newer_list_forgets_what_an_older_one_let_through() -> None:
    script = Script(answer(version=1), answer(version=2), answer(version=2, blocked=True))
    asked, _ = judge(script)

    await asked.decide("http://a.example/")
    await asked.decide("http://b.example/")
    again = await asked.decide("http://a.example/")

    assert again.blocked


async def test_it_keeps_no_more_than_it_may() -> None:
    asked, _ = judge(Script(answer()), entries=3)

    for at in range(10):
        await asked.decide(f"http://{at}.example/")

    assert len(asked) == 3


async def test_what_the_gateway_knows_of_a_domain_is_passed_on_and_nothing_else() -> None:
    script = Script(answer(blocked=True))
    asked, _ = judge(script)

    await asked.decide("http://a.example/", facts={"domain_age_days": 0})
    await asked.decide("http://a.example/")

    assert script.links == [
        Link(url="http://a.example/", domain_age_days=0),
        Link(url="http://a.example/"),
    ]
    assert not script.links[1].HasField("domain_age_days")
