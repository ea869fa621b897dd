"""What a report says, before any format; the same words wait in each language."""
