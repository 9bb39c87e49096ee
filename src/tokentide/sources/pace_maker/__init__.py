"""Claude Pace Maker's own files, read only."""
