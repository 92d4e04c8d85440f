"""How warnings go out: handed to channels, sent once, receipts, and the next step."""
