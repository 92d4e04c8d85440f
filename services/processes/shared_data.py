"""Tables that roles read and never change: loaded before the first fork, all roles share them.

A role that was started anew loads each when it first needs it.
"""

import os
from collections.abc import Mapping
from contextlib import suppress

from classifiers import bundles, card
from classifiers.link import url_trees
from classifiers.onnx_model import read_table
from classifiers.text import sentence_encoder
from classifiers.text.disguise import disguised
from fanzha import host_keys, numbering
from fanzha.errors import FanzhaError
from fanzha.links import find_links
from fanzha.text import normalise_all
from infra import garbage_collection
from infra.data_paths import ENCODER
from services.decision.model_kinds import ModelKind
from services.decision.related.entities import owner_of
from services.settings import loader
from services.settings.settings import Settings


def prepare(*, with_domains: bool) -> None:
    """Build what is built lazily now, so that no early request waits for it.

    *With domains*: those by which links are looked up among related entities, too.
    """
    if with_domains:
        owner_of("first.example")
    numbering.prepare()
    normalise_all([""])
    disguised(["é"])
    host_keys.of_links(find_links("见【示例】 http://first.example/a"))


class SharedData:
    """What the fork server has loaded for the roles that it forks."""

    def __init__(self) -> None:
        self._settings: Settings | None = None

    def prepare_early(self) -> None:
        """Build what depends on no setting, before the first role is asked for."""
        prepare(with_domains=True)

    def prepare(self, role: str, environment: Mapping[str, str]) -> None:
        """Load what processes of *role* read, once: workers have tables, and an encoder.

        *environment* has the settings. What is wrong with them, the role says itself.
        """
        if role != "worker" or self._settings is not None:
            return
        os.environ.update(environment)
        with suppress(FanzhaError, OSError, ValueError):
            self._settings = loader.load()
            _read_models(self._settings)
            if _looks_twice(self._settings):
                sentence_encoder.load(self._settings.data_dir / ENCODER)
        # What loading left behind would stay in the memory of every child.
        garbage_collection.return_free_memory()

    def keep(self) -> None:
        """Write what is quicker to read than to build, for the next start."""
        if self._settings is not None:
            sentence_encoder.keep_table(self._settings.data_dir / ENCODER)


def _read_models(settings: Settings) -> None:
    """Read what workers share of the newest bundles: all but sessions, which start threads."""
    root = settings.models_dir or bundles.SHIPPED
    for kind in ModelKind:
        newest = bundles.newest_released(root, kind.folder)
        if kind in (ModelKind.TEXT, ModelKind.LINK):
            read_table(newest)
        else:
            card.read(newest)
    if settings.link_cascade_share:
        url_trees.read_statistics(bundles.newest_released(root, "url"))


def _looks_twice(settings: Settings) -> bool:
    """Return whether the newest text model of this host has a second stage, and is to use it."""
    if not settings.cascade_share:
        return False
    newest = bundles.newest_released(settings.models_dir or bundles.SHIPPED, "sms")
    return card.read(newest).cascade is not None
