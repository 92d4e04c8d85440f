"""Change which models decide: checked against what workers have, and recorded before it happens."""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from classifiers import bundles
from classifiers.card import CARD
from fanzha.errors import InvalidInput, NotFound
from services.audit.audited_actions import AuditedActions
from services.audit.events import Audit, AuditKind
from services.auth import identity
from services.decision.model_kinds import ModelKind
from services.models import bundle_listing
from services.models.bundle_listing import BundleSummary
from services.models.desired_models import DesiredModel
from services.models.follow_state import (
    WorkerModel,
    available_versions,
    follow_states,
    last_ran,
    previous_versions,
    running_versions,
)
from services.models.store import ModelReport, ModelStore

_REPORTS_AWAITED = 16
_REPORT_SECONDS = 0.5
_MOST_NAMED = 20
"""Most versions named in an error."""
_MOST_CARD_BYTES = 2**18


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """What is desired of one kind, what there is, and what workers run."""

    kind: ModelKind
    desired: DesiredModel | None
    versions: Sequence[str]
    workers: Sequence[WorkerModel]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChange:
    """A change that was made."""

    desired: DesiredModel
    synced: bool
    """Whether it is on the disk of the store, not only in its memory."""


class ModelControl:
    """Lists models and changes what is desired of them. Raises `Unavailable` without Redis."""

    def __init__(
        self, store: ModelStore, root: Path | None, *, audit: Audit, now_ms: Callable[[], int]
    ) -> None:
        """*root* is the folder of bundles on this host; None: the shipped ones."""
        self._store = store
        self._root = root
        self._trail = AuditedActions(audit, of="model")
        self._now_ms = now_ms

    async def bundles(self) -> dict[ModelKind, list[BundleSummary]]:
        """Return the bundles on this host."""
        return {
            kind: await asyncio.to_thread(bundle_listing.summaries, self._root, kind)
            for kind in ModelKind
        }

    async def states(self, kinds: Sequence[ModelKind] = tuple(ModelKind)) -> list[ModelState]:
        """Return what is known of each kind."""
        desired, reports = await self._store.desired(), await self._store.reports(self._now_ms())
        return [
            ModelState(
                kind=kind,
                desired=desired.get(kind),
                versions=await self._versions(kind, reports),
                workers=follow_states(kind, desired.get(kind), reports),
            )
            for kind in kinds
        ]

    async def activate(self, kind: ModelKind, version: str, *, by: str) -> ModelChange:
        """Let *version* decide; raises `NotFound` when no worker has it."""
        before, reports = await self._before(kind)
        await self._check_known(kind, version, reports)
        was = before or DesiredModel()
        ran = last_ran(was, running_versions(kind, reports))
        target = replace(
            was,
            active=version,
            previous=was.previous if ran == version else ran,
            shadow="" if was.shadow == version else was.shadow,
        )
        return await self._change(kind, "activate", before, target, by)

    async def shadow(self, kind: ModelKind, version: str, *, share: float, by: str) -> ModelChange:
        """Let *version* score *share* of the batches and decide nothing; empty: end that.

        What runs becomes the desired version where there was none.
        """
        if not (math.isfinite(share) and 0 <= share <= 1):
            raise InvalidInput("share: 0 to 1, not {share:g}", share=share)
        before, reports = await self._before(kind)
        was = before or DesiredModel()
        if version:
            await self._check_known(kind, version, reports)
            if version == last_ran(was, running_versions(kind, reports)):
                raise InvalidInput(
                    "version: {kind} {version} decides already", kind=kind, version=version
                )
        target = replace(was, shadow=version, share=share if version else 1.0)
        if version and not was.active:
            # What decides goes on deciding: at a restart it would be the newest, and that may be
            # the shadow.
            target = replace(target, active=last_ran(was, running_versions(kind, reports)))
        return await self._change(kind, "shadow", before, target, by)

    async def rollback(self, kind: ModelKind, *, by: str) -> ModelChange:
        """Let the model decide again that last ran before.

        Where workers refused the desired one, or have not taken it yet, that is what they run.
        """
        before, reports = await self._before(kind)
        was = before or DesiredModel()
        ran = last_ran(was, running_versions(kind, reports))
        if was.active and ran != was.active:
            loaded = [one for one in previous_versions(kind, reports) if one != ran]
            target = replace(was, active=ran, previous=loaded[0] if loaded else "")
        elif was.previous:
            await self._check_known(kind, was.previous, reports)
            target = replace(was, active=was.previous, previous=ran)
        else:
            raise NotFound("nothing to roll back to: no other {kind} model ran before", kind=kind)
        if target.shadow == target.active:
            target = replace(target, shadow="", share=1.0)
        return await self._change(kind, "rollback", before, target, by)

    async def check_known(self, kind: ModelKind, version: str) -> None:
        """Raise `NotFound` when no worker has *version*."""
        _, reports = await self._before(kind)
        await self._check_known(kind, version, reports)

    async def running(self, kind: ModelKind) -> str:
        """Return the version that decides; empty where it is not known."""
        before, reports = await self._before(kind)
        return last_ran(before or DesiredModel(), running_versions(kind, reports))

    async def card(self, kind: ModelKind, version: str) -> tuple[str, str]:
        """Return the card of a bundle on this host, and what is written about it."""
        if not bundles.is_version(version):
            raise InvalidInput("version: 1 to 64 letters, digits, dots, dashes and underscores")
        return await asyncio.to_thread(self._read_card, kind, version)

    def _read_card(self, kind: ModelKind, version: str) -> tuple[str, str]:
        folder = bundles.folder(self._root, kind.folder, version)
        page = folder.with_name(f"{version}.md")
        try:
            card = _text(folder / CARD)
        except OSError as error:
            raise NotFound(
                "there is no {kind} model {version} on this host", kind=kind, version=version
            ) from error
        return card, _text(page) if page.is_file() else ""

    async def _before(self, kind: ModelKind) -> tuple[DesiredModel | None, list[ModelReport]]:
        desired = await self._store.desired()
        return desired.get(kind), await self._store.reports(self._now_ms())

    async def _change(
        self,
        kind: ModelKind,
        what: str,
        before: DesiredModel | None,
        target: DesiredModel,
        by: str,
    ) -> ModelChange:
        author = identity.author(by)
        target = replace(target, by=author, at_ms=self._now_ms())
        details = {"what": what, "active": target.active, "previous": target.previous}
        if target.shadow:
            details |= {"shadow": target.shadow, "share": f"{target.share:g}"}
        synced = await self._trail.around(
            AuditKind.MODEL_CHANGED,
            kind.value,
            author,
            details,
            self._store.replace(kind, before, target),
        )
        return ModelChange(desired=target, synced=synced)

    async def _check_known(
        self, kind: ModelKind, version: str, reports: Sequence[ModelReport]
    ) -> None:
        if not bundles.is_version(version):
            raise InvalidInput("version: 1 to 64 letters, digits, dots, dashes and underscores")
        known = await self._versions(kind, reports)
        if known and version not in known and version in await self._here(kind):
            known = await self._awaited(kind, version)
        if reports and not known:
            raise NotFound("no worker holds a {kind} model", kind=kind)
        if version not in known:
            named = ", ".join(known[-_MOST_NAMED:]) or "none"
            raise NotFound(
                "there is no {kind} model {version}; there are: {named}",
                kind=kind,
                version=version,
                named=named,
            )

    async def _versions(self, kind: ModelKind, reports: Sequence[ModelReport]) -> list[str]:
        if not reports:
            return await self._here(kind)
        return bundles.in_order(available_versions(kind, reports))

    async def _here(self, kind: ModelKind) -> list[str]:
        return await asyncio.to_thread(bundles.versions, self._root, kind.folder)

    async def _awaited(self, kind: ModelKind, version: str) -> list[str]:
        """Give workers of this host time to report a bundle that was just copied here."""
        known: list[str] = []
        await self._store.wake_workers(kind)
        for _ in range(_REPORTS_AWAITED):
            await asyncio.sleep(_REPORT_SECONDS)
            known = await self._versions(kind, await self._store.reports(self._now_ms()))
            if version in known:
                break
        return known


def _text(path: Path) -> str:
    """Return the beginning of a file."""
    with path.open("rb") as file:
        return file.read(_MOST_CARD_BYTES).decode("utf-8", "replace")
