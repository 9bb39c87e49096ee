"""Two stretches of usage side by side, and why their costs differ."""
