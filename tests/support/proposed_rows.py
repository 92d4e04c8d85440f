"""Rows as administrators propose them; a test sets only the columns it is about."""

from typing import Any

from blocklists.row_validation import ProposedRows


def proposed(*patterns: str, **columns: Any) -> ProposedRows:
    """Propose *patterns*; columns that are not given are absent."""
    rows = len(patterns)
    texts = ("reasons", "legal_bases", "campaigns", "regions", "authors")
    numbers = (
        *("kinds", "actions", "directions", "fraud_types", "sources", "expires_s"),
        *("modes", "reviews_s", "no_ends"),
    )
    silent: dict[str, Any] = {name: [""] * rows for name in texts}
    silent |= {name: [0] * rows for name in numbers}
    return ProposedRows(patterns=patterns, **silent | columns)
