"""Both pages that are made from results, and whether a result has what they need."""

from collections.abc import Callable

from benchmarks.report import capacity, page
from benchmarks.report.figures import Results
from benchmarks.report.latest_results import Unreadable

WRITERS: dict[str, Callable[[Results], str]] = {
    "benchmarks.md": lambda results: page.write(results, page.REMARKS.read_text()),
    "capacity.md": capacity.write,
}


def write(results: Results) -> dict[str, str]:
    """Return the text of each page, by the name of its file."""
    return {name: of(results) for name, of in WRITERS.items()}


def complete(results: Results) -> None:
    """Raise `Unreadable` for a result that lacks a figure of a page, such as an older one."""
    for kind, result in results.items():
        try:
            write({kind: result})
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable(
                f"{result['file']}: no page can be made of it, it lacks {error}; of an older "
                "version? Measure it again, or take it away"
            ) from error
