"""Which records to ask for, and in which order."""
