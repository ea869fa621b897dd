"""Polite HTTP that knows no models: pacing, retries, and a log of every page as it came."""
