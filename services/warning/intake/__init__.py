"""Intake of warnings, from hits of this service and from external sources."""
