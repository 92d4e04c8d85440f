"""How hits and warnings from outside come in."""
