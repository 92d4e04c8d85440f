"""Writes the page on time to detect, for a bundle of the velocity model.

python -m classifiers.training.velocity.detection_page --bundle BUNDLE --page PAGE
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress

from classifiers.onnx_model import OnnxModel
from classifiers.training import page_template
from classifiers.training.call_simulator import worlds
from classifiers.training.call_simulator.worlds import World
from classifiers.training.velocity import data, detection
from classifiers.training.velocity.data import Observed

SEED = 20261130
_TEMPLATE = Path(__file__).with_name("detection_page.md")


def main() -> None:
    """Let the worlds live, measure, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True, help="of the velocity model")
    parser.add_argument("--page", type=Path, required=True, help="page to write")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--scale", type=float, default=1.0, help="how many callers, times")
    arguments = parser.parse_args()
    page = render(arguments.bundle, arguments.seed, arguments.scale)
    arguments.page.write_text(page, encoding="utf-8")


def render(bundle: Path, seed: int, scale: float) -> str:
    """Measure the model of *bundle*, and return the page."""
    model = OnnxModel(bundle)
    with Progress() as progress:

        def observe(world: World, world_seed: int) -> Observed:
            task = progress.add_task(f"world of {world.name}, seed {world_seed}", total=1.0)
            return data.observe(
                world, scale, world_seed, lambda share: progress.update(task, completed=share)
            )

        lives = detection.fresh(observe, lambda rows: model.predict_rows(rows.T), seed)
        figures = detection.measure(lives, model.threshold)
    values = {
        "version": model.version,
        "date": datetime.now(UTC).date().isoformat(),
        "seed": seed,
        "scale": scale,
        "seeds": detection.SEEDS,
        "days": worlds.TRAINING.days,
        "alarms": detection.alarms(figures["alarms"]),
        "frauds": detection.frauds(figures["frauds"]),
    }
    return page_template.fill(_TEMPLATE, values)


if __name__ == "__main__":
    main()
