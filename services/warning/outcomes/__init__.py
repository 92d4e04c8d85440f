"""Feedback from outcomes of cases to list entries, sources and training."""
