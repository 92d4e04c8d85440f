"""Templates of messages, and the linter that refuses unsafe ones."""
