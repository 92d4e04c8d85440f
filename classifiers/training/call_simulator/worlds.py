"""Two imagined worlds: one to train in, and a different one to test in.

In the test world the frauds are slower and less conspicuous, ordinary callers are busier, and
there are kinds of both that no training has seen. So a figure of the test world says a little
about whether the model has learnt more than the parameters of the training world. It says
nothing about real calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from classifiers.training.call_simulator import fraudulent, legitimate
from classifiers.training.call_simulator.behaviour import Behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The callers, and what the network reports of their calls."""

    name: str
    behaviours: Sequence[Behaviour]
    days: int = 3
    attested: float
    """Share of callers whose calls carry a PASSporT."""
    ends_reported: float
    """Share of callers whose calls are reported when they end."""


TRAINING = World(
    name="training",
    behaviours=(
        legitimate.PERSON,
        legitimate.FAMILY_ABROAD,
        legitimate.BUSINESS,
        legitimate.FOREIGN_BUSINESS,
        legitimate.COURIER,
        legitimate.CALL_CENTRE,
        legitimate.NOTICES,
        fraudulent.SIM_BOX,
        fraudulent.ONE_RING,
        fraudulent.POLICE,
        fraudulent.BLOCK_DIALLER,
    ),
    attested=0.25,
    ends_reported=0.7,
)


def _shifted(behaviour: Behaviour) -> Behaviour:
    if behaviour.fraud:
        return replace(
            behaviour,
            rate=behaviour.rate.times(0.65),
            strangers=behaviour.strangers.times(0.95),
            in_a_row=behaviour.in_a_row.times(0.7),
            again=behaviour.again.times(1.5),
            answered=behaviour.answered.times(1.25, most=0.9),
            brief=behaviour.brief.times(0.75),
            called_back=behaviour.called_back.times(2),
        )
    return replace(
        behaviour,
        rate=behaviour.rate.times(1.3),
        strangers=behaviour.strangers.times(1.15, most=0.99),
        again=behaviour.again.times(0.8),
        answered=behaviour.answered.times(0.85),
        brief=behaviour.brief.times(1.3),
        called_back=behaviour.called_back.times(0.75),
    )


TEST = World(
    name="test",
    behaviours=(
        *map(_shifted, TRAINING.behaviours),
        legitimate.DRIVER,
        legitimate.MACHINE_NOTICES,
        fraudulent.ROBOT,
        fraudulent.QUIET_SIM_BOX,
    ),
    attested=0.5,
    ends_reported=0.5,
)


def without(world: World, kind: str) -> World:
    """Return *world* without the behaviour called *kind*."""
    return replace(
        world, behaviours=tuple(other for other in world.behaviours if other.name != kind)
    )
