"""How long somebody has been talking without a pause, from the energy of audio.

A person who takes a call says a word or two and waits; a machine goes on. Nothing is kept but
milliseconds.
"""

import numpy as np

from infra.rtp.g711 import Samples

LOUD = 600.0
"""Root of the mean square from which audio counts as speech; full scale is 32,768."""
PAUSE_MS = 600
"""A silence of this length ends what was said."""


class SpeechMeter:
    """Measures audio packet by packet."""

    def __init__(self) -> None:
        self.run_ms = 0
        """Of the speech that is going on, short pauses in it included; 0 in silence."""
        self.longest_ms = 0
        self._silence_ms = 0

    def hear(self, samples: Samples) -> None:
        """Take the next audio."""
        if not len(samples):
            return
        ms = len(samples) // 8
        if float(np.sqrt(np.mean(np.square(samples.astype(np.float64))))) >= LOUD:
            self.run_ms += ms + (self._silence_ms if self.run_ms else 0)
            self._silence_ms = 0
            self.longest_ms = max(self.longest_ms, self.run_ms)
            return
        self._silence_ms += ms
        if self._silence_ms >= PAUSE_MS:
            self.run_ms, self._silence_ms = 0, 0
