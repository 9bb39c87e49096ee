"""What Claude Code tells its status line: the official limits, pushed, without network and without credentials."""
