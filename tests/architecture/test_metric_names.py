"""Names of metrics follow Prometheus' conventions: base units at the end, a plain counter name."""

import re
from collections.abc import Iterator

from tools.reference import metrics

OTHER_UNITS = re.compile(
    r"_(ms|millis\w*|micro\w*|minutes?|hours?|days?|kib|mib|kb|mb|percent)(_|$)"
)
"""Units that are not base units: seconds, bytes and ratios are."""
NAME = re.compile(r"fanzha_[a-z]+(_[a-z]+)*")
KEPT = {
    "fanzha_warning_minutes_to_warned": "dashboards of operators ask for it, and objectives of "
    "warnings are in minutes; to be seconds in the next release that may break names",
}
"""Names that break the rule, and why they stay."""
HOURS_OF_THE_LOG = re.compile(r"fanzha_decision_log_\w*hours")
"""Counts folders of an hour each; no time that passes."""
HISTOGRAMS_OF = ("_seconds", "_rows", "_minutes_to_warned")


def names(kind: str = "") -> Iterator[str]:
    for page in metrics.by_port().values():
        yield from (one.name for one in page if kind in ("", one.kind))


def test_a_name_is_of_small_letters_with_our_prefix() -> None:
    assert [name for name in names() if not NAME.fullmatch(name)] == []


def test_units_are_base_units() -> None:
    other = {name for name in names() if OTHER_UNITS.search(name)}

    assert {name for name in other if not HOURS_OF_THE_LOG.fullmatch(name)} == set(KEPT)


def test_a_counter_has_no_suffix_of_its_own_as_prometheus_appends_total() -> None:
    wrong = ("_total", "_count", "_sum", "_bucket", "_created")

    assert [name for name in names() if name.endswith(wrong)] == []


def test_a_histogram_names_its_unit() -> None:
    assert [name for name in names("histogram") if not name.endswith(HISTOGRAMS_OF)] == []


def test_a_point_in_time_is_named_as_one() -> None:
    times = [name for name in names("gauge") if "timestamp" in name or name.endswith("_at")]

    assert [name for name in times if not name.endswith("_timestamp_seconds")] == []


def test_one_name_has_one_kind_and_labels_wherever_it_is_served() -> None:
    declared: dict[str, set[tuple[str, tuple[str, ...]]]] = {}
    for page in metrics.by_port().values():
        for one in page:
            declared.setdefault(one.name, set()).add((one.kind, tuple(sorted(one.labels))))

    assert {name: found for name, found in declared.items() if len(found) > 1} == {}
