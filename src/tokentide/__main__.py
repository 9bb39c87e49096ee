"""Runs the command line as `python -m tokentide`."""

import sys

from tokentide.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
