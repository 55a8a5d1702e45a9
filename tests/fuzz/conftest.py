"""The bent inputs are a package beside these tests, which `make fuzz` runs too."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
