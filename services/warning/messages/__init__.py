"""What warnings say, and the linter that refuses what must not be said."""
