"""What differs from batch to batch of a segment: each row has that of its own."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fanzha.decisions import Action, Reason
from fanzha.tables import Channel
from services.decision_log import arrow_tables, schema
from services.decision_log.rows import LoggedRows

ROWS = 6
"""Of each batch, of which some are logged."""

BATCH: dict[str, Any] = {
    "channel": Channel.CALL,
    "names": {},
    "urls": (),
    "text_urls": (),
    "text_owners": np.zeros(0, np.int64),
    "bodies": (),
    "details": {},
    "would_block": {},
    "list_version": 1,
    "model_version": "m",
    "velocity_version": "",
    "link_version": "",
    "velocity_threshold": None,
    "policy_version": 0,
    "settings": "",
    "decided_at_ms": 1,
}

shares = st.floats(0, 1, width=32)
hashes = st.sampled_from([0, 1, 2**64 - 1])
carriers = st.lists(st.sampled_from(["", "cmcc", "cucc"]), min_size=0, max_size=3)


def a_batch(count: int, **columns: Any) -> LoggedRows:
    """Make *count* logged rows of which nothing else is known."""
    return LoggedRows(
        **BATCH,
        **columns,
        from_keys=np.arange(count),
        to_keys=np.arange(count),
        occurred_at_ms=np.arange(count),
        ingress=np.zeros(count, np.uint8),
        attestations=np.zeros(count, np.uint8),
        activity_places=np.zeros(0, np.int64),
        activity=np.zeros((len(schema.ACTIVITY), 0), np.float32),
        held=None,
        actions=np.full(count, Action.ALLOW, np.uint8),
        reasons=np.full(count, Reason.SCORED, np.uint8),
        scores=np.zeros(count, np.float32),
        weights=np.ones(count, np.uint32),
    )


@st.composite
def batches(draw: st.DrawFn) -> tuple[LoggedRows, list[dict[str, Any]]]:
    """Draw the logged rows of a batch, and what the log must say of each."""
    rows = sorted(draw(st.sets(st.integers(0, ROWS - 1), min_size=1)))
    count, first_id = len(rows), draw(st.integers(1, 2**64 - ROWS))
    own = draw(st.none() | st.lists(shares, min_size=count, max_size=count))
    common = draw(shares)
    monitored = draw(st.none() | st.lists(st.booleans(), min_size=count, max_size=count))
    trunks = draw(
        st.just([]) | st.lists(st.sampled_from(["", "t"]), min_size=count, max_size=count)
    )
    handsets = draw(st.none() | st.lists(hashes, min_size=count, max_size=count))
    requests = draw(carriers)
    of_rows = requests * ROWS if len(requests) == 1 else [name for name in requests for _ in "12"]
    of_rows += [""] * ROWS if not requests else [requests[-1]] * ROWS
    batch = a_batch(
        count,
        rows=np.array(rows, np.int64),
        first_id=first_id,
        trunks=trunks,
        handset_hashes=None if handsets is None else np.array(handsets, np.uint64),
        threshold=common if own is None else np.array(own, np.float32),
        monitored=None if monitored is None else np.array(monitored),
        # Two rows of each request, but the last has all that are left.
        carriers=[(name, 2) for name in requests[:-1]] + [(name, ROWS) for name in requests[-1:]],
    )
    expected = [
        {
            "decision_id": first_id + row,
            "threshold": common if own is None else own[place],
            "monitored": bool(monitored and monitored[place]),
            "carrier": of_rows[row] or None,
            "trunk": (trunks[place] or None) if trunks else None,
            "handset_hash": (handsets[place] or None) if handsets else None,
        }
        for place, row in enumerate(rows)
    ]
    return batch, expected


@given(st.lists(batches(), min_size=1, max_size=4))
def test_rows_of_a_segment_have_what_their_own_batch_has(
    drawn: list[tuple[LoggedRows, list[dict[str, Any]]]],
) -> None:
    table = arrow_tables.of_decisions([batch for batch, _ in drawn])

    expected = [row for _, rows in drawn for row in rows]
    assert table.select(list(expected[0])).to_pylist() == expected
