"""Curves of families and bases over the history: stored at publication, looked up later."""

from lineage.analysis.growth.curve import Curve, Line, Moment, Point
from lineage.analysis.growth.history import curve_of_base, curve_of_family

__all__ = ["Curve", "Line", "Moment", "Point", "curve_of_base", "curve_of_family"]
