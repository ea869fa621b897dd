"""Stand-ins for the outside world; each is held to its contract by tests/contracts."""
