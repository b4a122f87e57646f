"""The command of jobs."""

import sys

from stockstream.runners.jobs.command import main

if __name__ == "__main__":
    sys.exit(main())
