"""What `fanzha check` prints of a decision."""

from fanzha.v1 import decision_pb2
from services.cli.check.commands import as_words


def test_a_block_by_an_entry_shows_source_and_legal_basis() -> None:
    decision = decision_pb2.Decision(
        action=decision_pb2.ACTION_BLOCK,
        reason=decision_pb2.REASON_BLOCKLISTED,
        entry_id="e1",
        pattern="+86170*",
        source=decision_pb2.SOURCE_PROVINCE,
        legal_basis="Art. 32",
    )

    shown = as_words(decision)

    assert (shown["source"], shown["legal_basis"]) == ("province", "Art. 32")


def test_a_decision_without_an_entry_shows_neither() -> None:
    shown = as_words(decision_pb2.Decision(reason=decision_pb2.REASON_SCORED))

    assert not {"source", "legal_basis"} & shown.keys()
