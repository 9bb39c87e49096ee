"""Ways to a person: the desktop, everything that apprise speaks, a command."""
