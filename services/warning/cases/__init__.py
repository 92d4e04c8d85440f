"""Cases, one for each person and campaign: events, state machine, store and listing."""
