"""Questions with one right answer: pure functions from snapshots to frozen results."""
