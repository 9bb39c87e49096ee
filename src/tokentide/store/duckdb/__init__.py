"""The team store in one embedded DuckDB file."""
