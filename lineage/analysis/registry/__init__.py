"""What a registry of families says, checked against itself and against a snapshot."""
