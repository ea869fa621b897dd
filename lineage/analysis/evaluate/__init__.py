"""How often guesses are right, held against known answers."""
