"""Two snapshots, or a snapshot and a dump, compared with each other."""
