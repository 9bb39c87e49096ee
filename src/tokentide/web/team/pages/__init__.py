"""The team's pages: one module each."""
