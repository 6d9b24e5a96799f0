"""`python -m backend.cli` is `huifang`."""

import sys

from backend.cli.main import run

sys.exit(run())
