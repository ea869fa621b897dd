"""A result as plain values under the names that scripts rely on, as JSON and CSV spell it."""

Document = dict[str, object]
