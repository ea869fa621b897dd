"""A family tree on one page: as SVG drawn here, PNG from that SVG."""
