"""Sixteen real weeks: the box moves through them, a crawler follows, and what that shows."""
