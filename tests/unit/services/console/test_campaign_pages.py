"""Pages of campaigns without a browser: what an address is about, and the graph's drawing."""

from fanzha.v1 import hit_pb2, warning_backfill_pb2
from services.console.campaigns import graph, subject
from services.console.campaigns.subject import CampaignSubject

FINGERPRINT = f"fp1:{'ab' * 32}"
KIND = warning_backfill_pb2.BackfillKind


def about(where: str, pattern: str) -> CampaignSubject:
    return CampaignSubject(where=where, key="k", pattern=pattern)


def test_a_subject_is_what_it_looks_like() -> None:
    kinds = {
        pattern: KIND.Name(about(where, pattern).kind)  # type: ignore[arg-type]
        for where, pattern in (
            ("text", FINGERPRINT),
            ("link", "pay.example"),
            ("seen", "http://pay.example/a"),
            ("seen", "+86 170 0000 0001"),
            ("seen", "EasyLoan"),
        )
    }

    assert list(kinds.values()) == [
        "BACKFILL_KIND_TEXT",
        "BACKFILL_KIND_LINK",
        "BACKFILL_KIND_LINK",
        "BACKFILL_KIND_NUMBER",
        "BACKFILL_KIND_SENDER",
    ]


def test_numbers_and_names_have_no_address() -> None:
    assert subject.address_of("+8617000000001") == subject.address_of("name:bank") == ""
    assert subject.address_of("link:pay.example") == "/campaigns/link/pay.example"
    assert subject.address_of(f"text:{FINGERPRINT}") == f"/campaigns/text/{FINGERPRINT}"


def test_a_masked_name_is_no_number() -> None:
    assert subject.sort_of("**********8003") == "number"
    assert subject.sort_of("********l114") == "name"


def relations(entity: str, *others: str) -> hit_pb2.GetRelationsResponse:
    return hit_pb2.GetRelationsResponse(
        entity=entity,
        neighbours=[hit_pb2.RelatedEntity(entity=one, together=5.0) for one in others],
    )


def test_neighbours_and_theirs_are_drawn_once_and_on_the_sheet() -> None:
    found = relations("text:fp1:00", "link:a.example", "+8617000000001")
    farther = {"link:a.example": relations("link:a.example", "text:fp1:00", "link:b.example")}

    drawn = graph.drawn(found, farther)

    assert [(node.entity, node.ring) for node in drawn.nodes] == [
        ("text:fp1:00", 0),
        ("link:a.example", 1),
        ("+8617000000001", 1),
        ("link:b.example", 2),
    ]
    assert len(drawn.edges) == 3
    assert len({(node.x, node.y) for node in drawn.nodes}) == 4
    assert all(0 < node.x < graph.WIDTH and 0 < node.y < graph.HEIGHT for node in drawn.nodes)


def test_a_crowd_is_cut_and_counted() -> None:
    crowd = [f"link:h{number}.example" for number in range(64)]

    drawn = graph.drawn(relations("text:fp1:00", *crowd), {})

    assert drawn.left_out == 64 - graph.MOST_NEAR
    assert len(drawn.nodes) == graph.MOST_NEAR + 1


def test_the_graph_of_nothing_is_one_node() -> None:
    assert len(graph.drawn(relations("link:a.example"), {}).nodes) == 1
