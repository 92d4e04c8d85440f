from prometheus_client import CollectorRegistry

from infra.failure_counts import FailureCounts, FailureKind
from services.telemetry.failure_metrics import FailureMetrics


def test_each_kind_of_failure_is_a_counter_with_a_series_per_name() -> None:
    failures, registry = FailureCounts(), CollectorRegistry()
    registry.register(FailureMetrics(failures))
    for kind in FailureKind:
        failures.add(kind, "a")
        failures.add(kind, "b")
        failures.add(kind, "b")

    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
    }

    assert found == {
        (f"fanzha_{name}_total", *label): number
        for name in ("damaged_records", "dead_letters", "periodic_task_failures")
        for label, number in ((("a",), 1), (("b",), 2))
    }
