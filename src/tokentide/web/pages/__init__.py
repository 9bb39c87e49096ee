"""The pages, a module each: what stands on it, and its entry in the catalogue."""
