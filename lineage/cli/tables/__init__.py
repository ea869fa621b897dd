"""How results are said: one format a file, pure functions from frozen results to text."""
