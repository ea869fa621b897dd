"""The graph: names settled to nodes, reach on bare columns; networkx stays in here."""
