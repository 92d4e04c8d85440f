"""Writes the few figures of README.md, between two comments, so that they are those of a run."""

from benchmarks.report import figures
from benchmarks.report.figures import Results
from benchmarks.report.markdown import count, words

BEGIN, END = "<!-- figures: fanzha bench report -->", "<!-- end of figures -->"
_BATCHES = {1: "1 (unary)", 16: "16", 256: "256", 1024: "1024"}
_CHANNELS = ("call", "text", "link")
_MILLION = 1_000_000


def write(results: Results, text: str) -> str:
    """Return *text* with the figures between its comments replaced by those of *results*."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md lacks {BEGIN} or {END}")
    return "\n".join([f"{before}{BEGIN}", "", *_rates(results), *_import(results), f"{END}{after}"])


def _rates(results: Results) -> list[str]:
    rates = figures.rates(results)
    rows = [
        (name, *(_rate(rates.get((channel, batch))) for channel in _CHANNELS))
        for batch, name in _BATCHES.items()
    ]
    return words(("rows a request", *(f"{channel}s/s" for channel in _CHANNELS)), rows)


def _rate(rate: float | None) -> str:
    return "not measured" if rate is None else count(rate)


def _import(results: Results) -> list[str]:
    sizes = results.get("sweep-list-size", {}).get("sizes", [])
    for size in sizes:
        if size["listed"] == _MILLION:
            seconds = next(one["seconds"] for one in size["imports"] if one["what"] == "numbers")
            each = size["bytes_per_entry"]["number_in_files"]
            return [
                f"`fanzha blocklist import` took {count(seconds)} s for a million numbers; they "
                f"take {count(each)} bytes each in",
                "`data/lists`, which all workers of a host share.",
                "",
            ]
    return []
