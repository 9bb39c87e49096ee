"""The team store: what is asked and put in, the same for every engine."""
