"""A Hub in a box: serves the bundled corpus over real HTTP as the Hub does."""
