"""A family as the tree that a page draws: each model in one place, with its facts and evidence."""
