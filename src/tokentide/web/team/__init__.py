"""The team's dashboard: the same pages, frame and gate as the personal one, over the team store, for many viewers."""
