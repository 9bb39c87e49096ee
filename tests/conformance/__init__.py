"""The conformance list: hand-made transcripts, what tokentide says of them, and where it differs from ccusage on purpose."""
