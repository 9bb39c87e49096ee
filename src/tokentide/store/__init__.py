"""The ledger: what is remembered, whatever happens to the transcripts."""
