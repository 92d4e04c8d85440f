"""The part of a card and of a model's page about a site's own examples."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from classifiers.card import SITE_LICENCE
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.examples import Examples, TrainingExample

LABELS = {True: "fraud", False: "nonfraud"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteExamples:
    """A site's own examples, as a training took them."""

    sources: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    """Table ``examples`` of the card; empty without any."""

    def data(self, rows: Sequence[str]) -> list[dict[str, object]]:
        """Return the card's lines of data; *rows* are the sources of all rows."""
        counts = Counter(rows)
        return [
            {"source": source, "licence": SITE_LICENCE, "rows": counts[source]}
            for source in self.sources
        ]


NO_EXAMPLES = SiteExamples()


def summed(
    found: Examples,
    used: Sequence[TrainingExample],
    learned: Sequence[bool],
    left_out: Counter[str],
) -> SiteExamples:
    """Sum up what became of *found*: the rows *used*, those *learned* from, those *left_out*."""
    rows = Counter((one.source, one.month, LABELS[one.is_fraud]) for one in used)
    taught = Counter(
        (one.source, one.month, LABELS[one.is_fraud])
        for one, is_learned in zip(used, learned, strict=True)
        if is_learned
    )
    counts = [
        {
            "source": key[0],
            "closed": key[1],
            "label": key[2],
            "rows": rows[key],
            "learned": taught[key],
        }
        for key in sorted(rows)
    ]
    about = {
        "licence": SITE_LICENCE,
        "files": [asdict(file) for file in found.files],
        "counts": counts,
        "left_out": dict(found.left_out + left_out),
    }
    return SiteExamples(sources=tuple(sorted({one.source for one in used})), about=about)


def lines(about: Mapping[str, Any]) -> list[str]:
    """Return sentences on the outcome of all rows; none without examples."""
    if not about:
        return []
    files = ", ".join(f"{file['name']} ({file['rows']} rows)" for file in about["files"])
    used = sum(one["rows"] for one in about["counts"])
    learned = sum(one["learned"] for one in about["counts"])
    return [
        f"examples: {files}: {learned} rows to learn from, {used - learned} only measured",
        *(f"examples: {count} rows left out, {why}" for why, count in about["left_out"].items()),
    ]


def section(about: Mapping[str, Any]) -> str:
    """Write the section of the page."""
    files = markdown_table(
        ("file", "rows", "SHA-256"),
        ([file["name"], file["rows"], f"`{file['sha256']}`"] for file in about["files"]),
    )
    counts = markdown_table(
        ("source", "case closed", "label", "rows", "learned from"),
        (list(one.values()) for one in about["counts"]),
    )
    left_out = [f"* {count} rows left out, {why}." for why, count in about["left_out"].items()]
    parts = [
        "## Examples of this site",
        f"{about['licence'].capitalize()}. They are no sample: nearly all are decisions that "
        "blocked, of cases closed by hand. So they teach and are measured, and set neither "
        "threshold nor caution nor calibration; a row never changes sides when the file grows.",
        files,
        counts,
        "\n".join(left_out),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"
