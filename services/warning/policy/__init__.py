"""Policy: resolve the region of a person, the tier of a case, and the plan of each tier."""
