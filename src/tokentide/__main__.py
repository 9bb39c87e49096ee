"""Runs the command line as `python -m tokentide`."""

import sys

from tokentide.command import entry

if __name__ == "__main__":
    sys.exit(entry())
