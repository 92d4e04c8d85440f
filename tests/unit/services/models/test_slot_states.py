"""Whatever is desired, and whatever happens to bundles: something that passed always decides."""

import os
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from classifiers import bundles
from services.decision.model_kinds import ModelKind
from services.models.desired_models import DesiredModel
from services.models.slot import ModelLoading, ModelSlot
from tests.support.model_bundles import a_bundle

VERSIONS = ("1", "2", "3", "4")
NAMES = st.sampled_from(VERSIONS)
WISHES = st.sampled_from(["", *VERSIONS, "../1"])


@dataclass
class Model:
    """What a slot holds of a bundle."""

    version: str
    threshold: float = 0.5


class Slot(RuleBasedStateMachine):
    """A slot of the models of links, and a folder in which bundles come and go."""

    def __init__(self, samples: Path) -> None:
        super().__init__()
        self.samples = samples
        self.root = Path(mkdtemp(dir=samples))
        self.loads: list[str] = []
        self.clock = count(1)
        """Nanoseconds; that of a file system may stand still for ten milliseconds."""
        for version in VERSIONS[:3]:
            self.install(version)
        self.slot: ModelSlot[Any] = ModelSlot(
            ModelLoading(kind=ModelKind.LINK, load=self.load, warm=lambda _model: None),
            self.root,
            None,
            DesiredModel(),
        )
        self.held = {"3"}
        """Versions that are loaded."""
        self.active, self.previous, self.shadow = "3", "", ""

    def load(self, root: Path | None, version: str | None) -> Any:
        bundle = bundles.folder(root, "url", version or bundles.versions(root, "url")[-1])
        self.loads.append(bundle.name)
        if not (bundle / "card.toml").is_file() or (bundle / "damaged").exists():
            raise ValueError(f"{bundle.name} does not pass")
        return Model(bundle.name)

    def passes(self, version: str) -> bool:
        bundle = self.root / "url" / version
        return (
            version in VERSIONS
            and (bundle / "card.toml").is_file()
            and not (bundle / "damaged").exists()
        )

    @rule(version=NAMES)
    def install(self, version: str) -> None:
        bundle = self.root / "url" / version
        if not bundle.exists():
            copytree(self.samples / "url" / version, bundle)

    @rule(version=NAMES)
    def remove(self, version: str) -> None:
        rmtree(self.root / "url" / version, ignore_errors=True)

    @rule(version=NAMES)
    def damage(self, version: str) -> None:
        """Damage a bundle; its card is written again, so that a look sees the change."""
        self._write(version, is_damaged=True)

    @rule(version=NAMES)
    def repair(self, version: str) -> None:
        self._write(version, is_damaged=False)

    def _write(self, version: str, *, is_damaged: bool) -> None:
        bundle = self.root / "url" / version
        if not bundle.exists():
            return
        mark = bundle / "damaged"
        if is_damaged:
            mark.write_text("")
        else:
            mark.unlink(missing_ok=True)
        card = bundle / "card.toml"
        with card.open("a") as file:
            file.write("# changed\n")
        os.utime(card, ns=(0, next(self.clock)))

    @rule(active=WISHES, previous=WISHES, shadow=WISHES, share=st.sampled_from([0.5, 1.0]))
    def want(self, active: str, previous: str, shadow: str, share: float) -> None:
        desired = DesiredModel(active=active, previous=previous, shadow=shadow, share=share)
        wishes = {active, previous, shadow} - {""}
        passing = {version for version in wishes if self.passes(version)}
        refused = wishes - passing - self.held

        self.slot.prepare(desired)
        assert self.slot.active.version == self.active, "prepare swaps nothing"
        swapped = self.slot.take(desired)

        self.held |= passing
        before = self.active
        self.active = active if active in self.held else before
        assert swapped == (self.active != before)
        self.previous = before if swapped else self.previous
        self.shadow = shadow if shadow in self.held and shadow != self.active else ""
        self.held &= wishes | {self.active, self.previous}
        assert set(self.slot.status().refused) == refused
        assert self.slot.shadow is None or self.slot.shadow.share == share
        self._want_again(desired)

    def _want_again(self, wanted: DesiredModel) -> None:
        self.loads.clear()
        assert self.slot.prepare(wanted) == 0
        assert not self.slot.take(wanted)
        assert self.loads == [], "what is loaded or refused is not read again"

    @invariant()
    def runs_what_the_model_runs(self) -> None:
        status = self.slot.status()
        shadow = self.slot.shadow
        assert (status.active, status.previous, status.shadow) == (
            self.active, self.previous, self.shadow,
        )  # fmt: skip
        assert self.slot.active.version == self.active
        assert shadow is None or shadow.model is not self.slot.active


def test_the_slot_holds_in_every_order_of_desired_models_and_damage(tmp_path: Path) -> None:
    for version in VERSIONS:
        a_bundle(tmp_path, "url", version)
        (tmp_path / "url" / version / "model.onnx").write_bytes(b"")

    # Hypothesis takes a factory too, though its types say a class.
    made: Any = partial(Slot, tmp_path)
    run_state_machine_as_test(made, settings=settings(max_examples=25, stateful_step_count=15))
