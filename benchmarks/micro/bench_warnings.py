"""Cost of a warning before it is sent: region, tier, text and its check."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fanzha.fraud import FraudType
from services.warning.messages import linter
from services.warning.messages.catalog import MessageCatalog
from services.warning.messages.template import MessageFacts
from services.warning.model import Tier
from services.warning.policy.facts import CaseFacts
from services.warning.policy.regions import PREFIX, RegionFinder
from services.warning.policy.tiers import TierPolicy

FACTS = MessageFacts(when="11月25日14时", claimed="某某银行")


@pytest.mark.parametrize("rows", [1, 100, 10_000])
def bench_regions(benchmark: BenchmarkFixture, rows: int) -> None:
    regions = RegionFinder.load()
    numbers = [f"+86130{number * 10_007:08d}" for number in range(rows)]

    found = benchmark(regions.of, numbers)

    benchmark.extra_info["numbers"] = rows
    assert found[0].how == PREFIX


def bench_loading_regions(benchmark: BenchmarkFixture) -> None:
    assert benchmark(RegionFinder.load).of(["+8655500000001"])[0].city == "340500"


def bench_judge(benchmark: BenchmarkFixture) -> None:
    policy = TierPolicy.load()
    facts = CaseFacts(case_id="1", talked_s=700, groups=frozenset({"vulnerable"}))

    assert benchmark(policy.judge, facts).tier is Tier.HIGH


def bench_render(benchmark: BenchmarkFixture) -> None:
    templates = MessageCatalog.load()

    message = benchmark(templates.render, FraudType.FAKE_LOAN, Tier.HIGH, "zh", FACTS)

    assert "某某银行" in message.text


def bench_lint(benchmark: BenchmarkFixture) -> None:
    text = MessageCatalog.load().render(FraudType.FAKE_LOAN, Tier.HIGH, "zh", FACTS).text

    assert benchmark(linter.faults, text) == []
