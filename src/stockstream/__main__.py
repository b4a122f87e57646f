"""``python -m stockstream`` is the ``stockstream`` command."""

import sys

from stockstream.cli import main

if __name__ == "__main__":
    sys.exit(main())
