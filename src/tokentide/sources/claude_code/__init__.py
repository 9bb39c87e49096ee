"""Claude Code's local transcripts: where they lie, what their lines mean, how they are read."""
