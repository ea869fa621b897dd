"""Making a snapshot: from the pages of a run to published tables."""
