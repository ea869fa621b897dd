"""How a report's blocks are spelled: one format a file."""
