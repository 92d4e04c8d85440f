"""Where a person lives, how urgently they are warned, and by what steps."""
