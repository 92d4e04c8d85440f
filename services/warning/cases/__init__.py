"""Cases: one for each person and campaign, made of events, and where they are kept."""
