"""A report as text: table, JSON, CSV, Markdown, chart. Rounding and local time happen here and nowhere below."""
