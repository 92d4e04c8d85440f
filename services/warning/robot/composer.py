"""Composes what the robot says; all else, another composer composes."""

from collections.abc import Sequence

from fanzha.errors import InvalidInput
from services.warning.cases import ids
from services.warning.cases.events import MessageRef
from services.warning.cases.model import Case
from services.warning.dispatch.outbox_relay import Composer, WarningText
from services.warning.messages import linter
from services.warning.robot import dialogue
from services.warning.robot.script import RobotScript


class RobotComposer:
    """Composer that knows the turns of dialogues by the step of their message."""

    def __init__(self, other: Composer, scripts: Sequence[RobotScript], language: str) -> None:
        self._other = other
        self._scripts = scripts
        self._language = language

    def write(self, case: Case, message: MessageRef) -> WarningText:
        """Compose a message. Raises `InvalidInput` where none may be sent."""
        if message.step < ids.ROBOT_STEP:
            return self._other.write(case, message)
        script = dialogue.chosen(self._scripts, self._language, case.id)
        place = message.step - ids.ROBOT_STEP
        if place >= len(script.places):
            raise InvalidInput("robot: script {script} has no such place", script=script.id)
        text = script.text(script.places[place], case.fraud_type)
        if wrong := linter.faults(text):
            raise InvalidInput("robot: {faults}", faults=linter.summary(wrong))
        return WarningText(text=text, template=f"robot.{script.id}")


def step_of(script: RobotScript, place: str) -> int:
    """Return the step of a message that is said on arrival at *place*."""
    return ids.ROBOT_STEP + script.places.index(place)
