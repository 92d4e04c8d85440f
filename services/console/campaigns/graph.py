"""The graph of what is seen together, drawn in rings: the subject, its neighbours, and theirs.

It is drawn here, as SVG with links, so that it needs no script, works by keyboard, and prints. The
same stands in a table beside it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fanzha.v1 import hit_pb2
from services.console.backend.faults import BackendFault
from services.console.campaigns import subject
from services.console.web.page_request import PageRequest

RELATIONS = "HitService/GetRelations"
WIDTH, HEIGHT = 1000, 620
MOST_NEAR, MOST_FAR = 28, 6
"""Neighbours drawn, and how many of them are asked for theirs."""
_MOST_OF_FAR = 8
_NEAR, _FAR = (300, 190), (440, 285)
"""Half the width and height of the rings."""
_LONGEST = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """An entity on the drawing."""

    entity: str
    text: str
    sort: str
    """number, name, link or text."""
    address: str
    """Of its page; empty where it has none."""
    x: int
    y: int
    ring: int
    together: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEdge:
    """Two entities that were seen together."""

    x1: int
    y1: int
    x2: int
    y2: int
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationGraph:
    """The drawing, and what it shows."""

    nodes: Sequence[GraphNode]
    edges: Sequence[GraphEdge]
    found: hit_pb2.GetRelationsResponse
    left_out: int
    """Neighbours beyond those drawn."""


async def of(
    about: subject.CampaignSubject, visit: PageRequest, *, unmasked: bool
) -> RelationGraph | None:
    """Ask for what *about* is seen with; None where it was never seen."""
    request = hit_pb2.GetRelationsRequest(subject=about.pattern, unmasked=unmasked)
    try:
        found = await visit.calls.unary(RELATIONS, request)
    except BackendFault as fault:
        if fault.status == "NOT_FOUND":
            return None
        raise
    farther = {}
    public = [one.entity for one in found.neighbours if subject.address_of(one.entity)]
    for entity in public[:MOST_FAR]:
        name = entity.partition(":")[2]
        try:
            farther[entity] = await visit.calls.unary(
                RELATIONS, hit_pb2.GetRelationsRequest(subject=name, unmasked=unmasked)
            )
        except BackendFault:
            continue  # it left the graph meanwhile
    return drawn(found, farther)


def drawn(
    found: hit_pb2.GetRelationsResponse, farther: Mapping[str, hit_pb2.GetRelationsResponse]
) -> RelationGraph:
    """Place the subject in the middle, its neighbours around it, and theirs beyond."""
    near = list(found.neighbours)[:MOST_NEAR]
    most = max((one.together for one in near), default=1.0) or 1.0
    middle = _node(found.entity, (WIDTH // 2, HEIGHT // 2), 0)
    nodes, edges = [middle], []
    known = {found.entity}
    for place, one in enumerate(near):
        angle = 2 * math.pi * place / max(len(near), 1) - math.pi / 2
        node = _node(one.entity, _at(angle, _NEAR), 1, one.together)
        nodes.append(node)
        edges.append(_edge(middle, node, one.together / most))
        known.add(one.entity)
    placed = {node.entity: node for node in nodes}
    for place, one in enumerate(near):
        others = farther[one.entity].neighbours if one.entity in farther else ()
        new = [other for other in others if other.entity not in known][:_MOST_OF_FAR]
        for number, other in enumerate(new):
            spread = (number - (len(new) - 1) / 2) * 0.09
            angle = 2 * math.pi * place / len(near) - math.pi / 2 + spread
            node = _node(other.entity, _at(angle, _FAR), 2, other.together)
            nodes.append(node)
            edges.append(_edge(placed[one.entity], node, 0.2))
            known.add(other.entity)
    return RelationGraph(
        nodes=nodes, edges=edges, found=found, left_out=len(found.neighbours) - len(near)
    )


def _node(entity: str, at: tuple[int, int], ring: int, together: float = 0.0) -> GraphNode:
    text = subject.shown(entity)
    return GraphNode(
        entity=entity,
        text=text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…",
        sort=subject.sort_of(entity),
        address=subject.address_of(entity),
        x=at[0],
        y=at[1],
        ring=ring,
        together=together,
    )


def _at(angle: float, radii: tuple[int, int]) -> tuple[int, int]:
    return (
        round(WIDTH / 2 + radii[0] * math.cos(angle)),
        round(HEIGHT / 2 + radii[1] * math.sin(angle)),
    )


def _edge(one: GraphNode, other: GraphNode, share: float) -> GraphEdge:
    return GraphEdge(x1=one.x, y1=one.y, x2=other.x, y2=other.y, width=round(1 + 4 * share, 1))
