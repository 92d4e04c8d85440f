"""Dispatch: relay messages to channels, send each at most once, handle receipts, escalate."""
