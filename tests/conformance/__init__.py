"""The conformance list: hand-made transcripts, what tokentide says of them, where it differs from ccusage, and why."""
