"""Charts as pictures: SVG drawn here, PNG from that SVG."""
