"""How often inferred parents are right, compared with known answers."""
