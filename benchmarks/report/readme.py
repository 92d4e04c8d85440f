"""Writes the few figures of both READMEs, between two comments, so that they are those of a run."""

from dataclasses import dataclass

from benchmarks.report import figures
from benchmarks.report.figures import Results
from benchmarks.report.latest_results import Result
from benchmarks.report.markdown import count, words

BEGIN, END = "<!-- figures: fanzha bench report -->", "<!-- end of figures -->"
_BATCHES = (1, 16, 256, 1024)
_CHANNELS = ("call", "text", "link")
_MILLION = 1_000_000
_IMPORTS = ("sweep-list-size", "sweep-large-list", "sweep-large-list-quick")
"""Results that tell of an import of a million numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """The sentences around the figures; names in braces are filled in."""

    head: tuple[str, ...]
    single: str
    missing: str
    run: str
    listed: tuple[str, ...]


FILES = {
    "README.md": Language(
        head=("rows a request", "calls/s", "texts/s", "links/s"),
        single="1 (unary)",
        missing="not measured",
        run="Medians of {runs} runs of {seconds} s, {date}, commit {commit}.",
        listed=(
            "`fanzha blocklist import` took {seconds} s for a million numbers; they take {each} "
            "bytes each in",
            "`data/lists`, which all workers of a host share.",
        ),
    ),
    "README.zh-CN.md": Language(
        head=("每个请求的行数", "电话/秒", "短信/秒", "链接/秒"),
        single="1（单条）",
        missing="未测",
        run="{runs} 次运行的中位数，每次 {seconds} 秒；{date}，提交 {commit}。",
        listed=(
            "`fanzha blocklist import` 导入一百万个号码用时 {seconds} 秒；",
            "每个号码在 `data/lists` 中占 {each} 字节，同一主机的所有工作进程共用。",
        ),
    ),
}  # fmt: skip


def write(results: Results, text: str, language: Language = FILES["README.md"]) -> str:
    """Return *text* with the figures between its comments replaced by those of *results*."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README lacks {BEGIN} or {END}")
    made = [*_rates(results, language), *_run(results, language), *_import(results, language)]
    return "\n".join([f"{before}{BEGIN}", "", *made, f"{END}{after}"])


def _rates(results: Results, language: Language) -> list[str]:
    rates = figures.rates(results)
    rows = [
        (
            language.single if batch == 1 else str(batch),
            *(_rate(rates.get((channel, batch)), language) for channel in _CHANNELS),
        )
        for batch in _BATCHES
    ]
    return words(language.head, rows)


def _rate(rate: float | None, language: Language) -> str:
    return language.missing if rate is None else count(rate)


def _run(results: Results, language: Language) -> list[str]:
    """Say when and how the rates were measured."""
    found = results.get("h2load")
    if found is None:
        return []
    runs = max(len(cell.get("runs", ())) for cell in found["results"])
    said = language.run.format(
        runs=runs,
        seconds=found.get("seconds", "?"),
        date=str(found.get("at", "?"))[:10],
        commit=str(found.get("commit", "?"))[:8],
    )
    return [said, ""]


def _import(results: Results, language: Language) -> list[str]:
    found = [
        (str(result.get("at", "")), *figures)
        for kind, result in results.items()
        if kind in _IMPORTS
        for size in result.get("sizes", [])
        if size["listed"] == _MILLION and (figures := _of_million(size))
    ]
    if not found:
        return []
    _, seconds, each = max(found)
    return [
        *(line.format(seconds=count(seconds), each=count(each)) for line in language.listed),
        "",
    ]


def _of_million(size: Result) -> tuple[float, float] | None:
    """Return the seconds of an import of numbers, and the bytes of each; None where it failed."""
    if "imports" in size:
        seconds = next(one["seconds"] for one in size["imports"] if one["what"] == "numbers")
        return seconds, size["bytes_per_entry"]["number_in_files"]
    if "import" not in size:
        return None
    return size["import"]["seconds"], size["lists"]["file_bytes"] / size["listed"]
