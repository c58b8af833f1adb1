"""Test modules are imported by their path: what they share has to be on the search path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
