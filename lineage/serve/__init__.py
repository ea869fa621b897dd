"""HTTP API, pages to explore and MCP over one store; thin, over analysis."""
