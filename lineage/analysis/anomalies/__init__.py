"""What is odd in a snapshot: counted by kind, each kind by one rule, with examples in words."""
