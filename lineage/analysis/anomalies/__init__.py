"""What is odd in a snapshot: counted by kind, each kind by one rule, with examples in words."""

from lineage.analysis.anomalies.finding import EXAMPLES, find_anomalies

__all__ = ["EXAMPLES", "find_anomalies"]
