"""Types of the arrays that columns are computed in: one name for each type and meaning.

A column has one element a row; a choice of rows is a `Mask` as long as the column, or the numbers
of the rows. Where a number can be missing, -1 stands for it.
"""

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
"""Which rows or nodes: one truth value for each."""
Nodes = npt.NDArray[np.int32]
"""Node numbers, or the numbers of names; -1 = none. A node is the row of its key."""
Indices = npt.NDArray[np.integer]
"""Node or row numbers of any width: what kernels take."""
Positions = npt.NDArray[np.intp]
"""Row numbers as numpy itself gives them: of an order, a search or the true rows of a mask."""
Codes = npt.NDArray[np.int8]
"""Positions in a short closed list: relations, strengths, rules; -1 = none."""
Int64s = npt.NDArray[np.int64]
"""Rows, places, moments in microseconds, sums: whatever needs 64 bits."""
Counts = npt.NDArray[np.int32]
"""How many nodes: one row a node, one column a kind."""
Generations = npt.NDArray[np.int16]
"""Least number of edges from a root; 0 = the root itself or not reached."""
LabelBits = npt.NDArray[np.uint64]
"""Up to 64 labels a node, one bit each."""
Floats = npt.NDArray[np.float64]
"""Shares and coordinates."""
KeyBytes = npt.NDArray[np.bytes_]
"""Keys as fixed-width bytes: compared and searched without a Python object for each."""
