"""Interactive pages: one file each that works offline, without a server."""
