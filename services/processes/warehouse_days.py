"""Brings the warehouse of decisions up to date: builds days that are over, removes old ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from fanzha.errors import InvalidConfiguration, InvalidInput
from fanzha.phone import UNREADABLE, HomePlan
from fanzha.tables import Int64s
from services.decision_log import compaction, options
from services.decision_log.archive import layout
from services.decision_log.partitions import HOUR_MS, logged_days
from services.decision_log.warehouse.keyed_hash import HashKey, hashed
from services.decision_log.warehouse.partition_writer import (
    KINDS,
    BuiltPartition,
    PartitionWriter,
    WarehouseOptions,
)
from services.decision_log.warehouse.rows import RegionColumn
from services.settings.settings import Settings
from services.warning.policy.regions import RegionFinder

_SEALED_MS = compaction.SETTLED_MS + HOUR_MS
"""Time after the end of a day when maintenance has merged its last hour."""


@dataclass(slots=True)
class WarehouseTurn:
    """What a run did."""

    built: list[BuiltPartition] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    """Days that were older than the warehouse keeps."""


def bring_up_to_date(
    settings: Settings,
    since: str,
    now_ms: int,
    progress: Callable[[str], None] = lambda _what: None,
) -> WarehouseTurn:
    """Build the days from *since* on that are over and not built as the log has them now."""
    if settings.decision_log_warehouse_dir is None:
        raise InvalidConfiguration("decision_log_warehouse_dir: required")
    writer = PartitionWriter(
        WarehouseOptions(
            log=options.folder(settings),
            folder=settings.decision_log_warehouse_dir,
            key=_key(settings),
            regions=_regions(settings),
            memory=settings.decision_log_query_memory,
        )
    )
    turn = WarehouseTurn()
    first = layout.day_of(now_ms - settings.decision_log_warehouse_days * layout.DAY_MS)
    for day, kind in _days_that_are_over(settings, max(since, first), now_ms):
        progress(f"{day} {kind}")
        built = writer.build(day, kind)
        if built is not None:
            turn.built.append(built)
    turn.removed = writer.remove_before(first)
    return turn


def hash_of(settings: Settings, party: str) -> int:
    """Return what stands for a number, service code or sender; InvalidInput for none."""
    number = HomePlan(settings.home_country).sender_key(party)
    if number == UNREADABLE:
        raise InvalidInput("{what}: cannot be read", what="party")
    return int(hashed(_key(settings), np.array([number], np.int64))[0])


def _days_that_are_over(settings: Settings, first: str, now_ms: int) -> Iterator[tuple[str, str]]:
    since_ms = layout.start_of(first)
    for kind in KINDS:
        for folder in logged_days(options.folder(settings), kind, since_ms):
            if layout.start_of(folder.name) + layout.DAY_MS + _SEALED_MS < now_ms:
                yield folder.name, kind


def _key(settings: Settings) -> HashKey:
    if settings.decision_log_warehouse_key_file is None:
        raise InvalidConfiguration("decision_log_warehouse_key_file: required")
    return HashKey.read(settings.decision_log_warehouse_key_file)


def _regions(settings: Settings) -> Callable[[Int64s], RegionColumn]:
    finder = RegionFinder.load(
        home_country=settings.home_country, table=settings.warning_regions_file
    )

    def find(numbers: Int64s) -> RegionColumn:
        return RegionColumn(*finder.places_of(numbers))

    return find
