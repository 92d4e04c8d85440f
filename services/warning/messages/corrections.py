"""Texts of corrections by tier: what people read who were warned by mistake.

No links, numbers or invitations to reply: the linter of warnings checks them at load.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Self

from fanzha.errors import InvalidConfiguration
from services.warning.messages import linter
from services.warning.model import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionTexts:
    """The corrections of one language."""

    name: str
    """Such as ``corrections-1.zh``."""
    by_tier: Mapping[Tier, str]

    @classmethod
    def load(cls, language: str, folder: Path | None = None) -> Self:
        """Load the shipped texts, or those of *folder* where it has some. Raises `ValueError`."""
        name = f"corrections-1.{language}"
        shipped = files("services.warning") / "data" / f"{name}.toml"
        own = None if folder is None else folder / f"{name}.toml"
        file = own if own is not None and own.exists() else shipped
        try:
            texts = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidConfiguration("{name}.toml: {error}", name=name, error=error) from error
        wanted = {tier.name.lower() for tier in Tier}
        if set(texts) != wanted or not all(isinstance(text, str) for text in texts.values()):
            raise InvalidConfiguration(
                "{name}.toml: one text each for {wanted}",
                name=name,
                wanted=", ".join(sorted(wanted)),
            )
        for tier, text in texts.items():
            if wrong := linter.faults(text):
                raise InvalidConfiguration(
                    "{name}.toml: {tier}: {wrong}",
                    name=name,
                    tier=tier,
                    wrong=linter.summary(wrong),
                )
        return cls(name=name, by_tier={Tier[tier.upper()]: text for tier, text in texts.items()})

    def text(self, tier: Tier) -> str:
        """Return the correction for a person warned at *tier*."""
        return self.by_tier[tier]
