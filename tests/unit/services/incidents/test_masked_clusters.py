"""What people see of a cluster who may not see numbers whole."""

from dataclasses import replace

import pytest

from services.incidents.clusters import ClusterKind, SuspectCluster
from services.rpc.incidents import messages

NUMBER = "+8617000000123"
CLUSTER = SuspectCluster(
    kind=ClusterKind.NUMBER_POOL, common="+8617000000*", numbers=[NUMBER], size=1, blocked=2,
    first_ms=0, last_ms=1,
)  # fmt: skip
OF_TRUNK = replace(CLUSTER, kind=ClusterKind.SIM_BOX, common="trunk-7")
OF_NUMBER = replace(CLUSTER, kind=ClusterKind.RELATED, common="+8617000000456")


@pytest.mark.parametrize(
    ("cluster", "common", "numbers"),
    [
        (CLUSTER, "+8617000000*", []),
        (replace(CLUSTER, kind=ClusterKind.ACTIVATED_TOGETHER), "+8617000000*", []),
        (replace(OF_TRUNK, kind=ClusterKind.AUTO_DIALER), "trunk-7", ["**********0123"]),
        (OF_NUMBER, "**********0456", ["**********0123"]),
    ],
    ids=["pool", "activated together", "dialer of a trunk", "related"],
)
def test_no_number_is_put_together_from_its_cluster(
    cluster: SuspectCluster, common: str, numbers: list[str]
) -> None:
    shown = messages.cluster(cluster, unmasked=False)
    whole = messages.cluster(cluster, unmasked=True)

    assert (shown.common, list(shown.numbers), shown.size) == (common, numbers, 1)
    assert (whole.common, list(whole.numbers)) == (cluster.common, [NUMBER])


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("number_pool +8617000000*", "number_pool"),
        ("auto_dialer +8617000000*", "auto_dialer"),
        ("auto_dialer trunk-7", "auto_dialer trunk-7"),
        ("related +8617000000456", "related **********0456"),
        ("related link:loan.example", "related link:loan.example"),
    ],
)
def test_no_number_is_put_together_from_the_note_of_a_part(note: str, shown: str) -> None:
    assert messages.cluster_note(note, unmasked=False) == shown
    assert messages.cluster_note(note, unmasked=True) == note
