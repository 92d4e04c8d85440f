"""The carrier policy as a versioned document: its log in Redis, and how workers follow it."""
