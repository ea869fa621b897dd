"""How many models the Hub had when all were counted: what a first full crawl is compared with."""

from datetime import UTC, datetime

CENSUS_ENDPOINT = "https://huggingface.co"
CENSUS_AT = datetime(2026, 10, 3, tzinfo=UTC)
CENSUS_MODELS = 3_117_871
"""Source: a complete anonymous enumeration of the Hub's listing on that day."""

GROWTH_A_DAY = 2_400
"""Net; source: 2,000 to 2,700 a day between mid-2025 and the census."""
