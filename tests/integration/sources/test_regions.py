"""Sources of regions: a county sees its own and the province's, and asks for its own."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from blocklists.entries import Source
from fanzha.errors import NotAllowed, NotFound
from infra.redis.client import connect
from services.audit.audited_actions import AuditedActions
from services.audit.events import NoAudit
from services.auth.identity import Identity, Role, acting_as
from services.sources.model import (
    Brings,
    Connector,
    DataSource,
    EntryTerms,
    PullOutcome,
    PullRecord,
    SourceState,
)
from services.sources.service import SourceControl
from services.sources.store import SourceStore

NOW_MS = 1_767_603_600_000
REGIONS = {"all": "", "hangzhou": "330100", "xihu": "330106", "ningbo": "3302"}
HANGZHOU = Identity(name="wang", roles=frozenset({Role.EDITOR}), regions=frozenset({"3301"}))


def a_source(name: str, region: str) -> DataSource:
    return DataSource(
        name=name, connector=Connector.FOLDER, address="/none", brings=Brings.ENTRIES,
        source=Source.BUREAU, every_seconds=60, expected_lag_seconds=600,
        entries=EntryTerms(region=region),
    )  # fmt: skip


@pytest.fixture
async def control(redis_url: str) -> AsyncIterator[SourceControl]:
    client = connect(redis_url)
    yield SourceControl(
        {name: a_source(name, region) for name, region in REGIONS.items()},
        SourceStore(client),
        trail=AuditedActions(NoAudit(), "source"),
        now_ms=lambda: NOW_MS,
    )
    await client.aclose()


async def test_a_source_of_another_region_is_not_there(control: SourceControl) -> None:
    with acting_as(HANGZHOU):
        seen = [one.definition.name for one in await control.all()]
        with pytest.raises(NotFound, match="there is no source 'ningbo'"):
            await control.pulls("ningbo", 1)
        with pytest.raises(NotFound, match="there is no source 'ningbo'"):
            await control.pull("ningbo")

    assert seen == ["all", "hangzhou", "xihu"]
    assert len(await control.all()) == len(REGIONS)


@pytest.mark.parametrize(
    ("name", "outcome", "is_told"),
    [
        ("all", PullOutcome.HELD, False),
        ("all", PullOutcome.DELIVERED, False),
        ("all", PullOutcome.FAILED, True),
        ("xihu", PullOutcome.HELD, True),
    ],
)
async def test_why_a_file_of_the_province_is_held_is_not_told_to_a_county(
    control: SourceControl, redis_url: str, name: str, outcome: PullOutcome, is_told: bool
) -> None:
    client = connect(redis_url)
    record = PullRecord(at_ms=NOW_MS, outcome=outcome, why="ningbo.example is replaced")
    store, state = SourceStore(client), SourceState(since_ms=NOW_MS)
    await store.lease(name, "host")
    await store.settle(name, "host", replace(state, last=record), record=record)
    await client.aclose()

    with acting_as(HANGZHOU):
        (pull,) = await control.pulls(name, 1)
        (last,) = [one.state.last for one in await control.all() if one.definition.name == name]

    assert last == pull
    assert (pull.why == record.why) is is_told
    assert (await control.pulls(name, 1)) == [record]


async def test_a_source_is_pulled_by_those_who_may_change_its_entries(
    control: SourceControl,
) -> None:
    with acting_as(HANGZHOU):
        with pytest.raises(NotAllowed, match="3301"):
            await control.pull("all")
        asked = await control.pull("xihu")

    assert asked.asked
