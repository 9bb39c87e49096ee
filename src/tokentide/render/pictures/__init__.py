"""Pictures to share: one drawing, described once, written as SVG or as PNG."""
