"""Backfills: warn everyone whom a number, link or text reached before it was confirmed."""
