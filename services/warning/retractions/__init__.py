"""Retractions: warnings that rest on a wrong entry are withdrawn, and corrected where sent."""
