"""Change requests of the carrier policy: proposed, approved, applied and undone like others."""
