"""Two snapshots, or a snapshot and a dump, held against each other."""
