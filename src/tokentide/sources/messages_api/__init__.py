"""What can be sent to the Messages API: files as its blocks, whole requests, and the official count of their tokens."""
