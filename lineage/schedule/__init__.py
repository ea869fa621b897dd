"""Crawls that come by themselves: units for other schedulers, and a runner for containers."""
