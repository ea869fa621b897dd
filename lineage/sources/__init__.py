"""Where records come from: the live Hub, and readers that turn its pages into records."""
