"""How families and bases grow: curves over snapshots, and trends by date of creation."""
