"""Runs the command line as `python -m tokentide`."""

import sys

from tokentide.cli.main import entry

if __name__ == "__main__":
    sys.exit(entry())
