"""What one of each costs, out of the results of real runs; what has none has its source here."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.report import day
from benchmarks.report.figures import Results

MIB = 2**20

DECISION_RECORD_BYTES = 460 + 170
"""A blocked decision and its hit in Redis: 460, and 130 to 210 (ADR 2)."""


class NotMeasured(Exception):
    """A result that sizing needs is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCosts:
    """Costs of single things."""

    microseconds: Mapping[tuple[str, int], float]
    """Processor time of a row of the whole service, by channel and rows a request."""
    request_bytes: Mapping[tuple[str, int], float]
    """Of a row."""
    first_worker_mib: float
    further_worker_mib: float
    list_file_bytes: Mapping[str, float]
    """A listed number and host in the files of a host."""
    store_bytes_an_entry: float
    administration_peak_mib: float
    """While the longest list that was measured was imported."""
    logged_bytes: Mapping[str, float]
    """A row of the decision log, by its folder: calls, texts, links, ends of calls."""

    @classmethod
    def of(cls, results: Results) -> "UnitCosts":
        """Take them out of results; raise `NotMeasured` naming the command that measures."""
        for kind, command in _NEEDED.items():
            if kind not in results:
                raise NotMeasured(f"no result {kind}: {command}")
        memory = results["footprint"]["memory"]
        whole = {one["workers"]: sum(one["pss_mib"].values()) for one in memory}
        lists = max(results["sweep-list-size"]["sizes"], key=lambda size: size["listed"])
        around = lists["around_lists"]
        return cls(
            microseconds=day.microseconds(results),
            request_bytes=_request_bytes(results),
            first_worker_mib=whole[1],
            further_worker_mib=whole[2] - whole[1],
            list_file_bytes={
                "number": lists["bytes_per_entry"]["number_in_files"],
                "host": lists["bytes_per_entry"]["host_in_files"],
            },
            # Of so many numbers, and as many hosts.
            store_bytes_an_entry=around["store_bytes"] / (2 * lists["listed"]),
            administration_peak_mib=around["administration_peak_bytes"] / MIB,
            logged_bytes=results["logged-rows"]["bytes_a_row"],
        )


_NEEDED = {
    "h2load": "fanzha bench h2load --save",
    "footprint": "fanzha bench footprint --save",
    "sweep-list-size": "fanzha bench sweep --only list-size --save",
    "logged-rows": "python -m benchmarks.capacity.logged_rows --save",
}


def _request_bytes(results: Results) -> dict[tuple[str, int], float]:
    return {
        (cell["channel"], cell["batch"]): sum(sizes) / len(sizes) / cell["batch"]
        for cell in results["h2load"]["results"]
        for sizes in [cell["runs"][0]["request_bytes"]]
    }
