"""Policies of carriers: thresholds, monitor mode, what a broken model means, and trunk groups."""
