"""Being nobody, as containers are."""

import os
import sys
from pathlib import Path

NOBODY = 65534


def may_be_nobody():
    """Tell whether we may become somebody else, who may then run this Python."""
    python = Path(sys.executable).resolve()
    others = all(folder.stat().st_mode & 0o005 == 0o005 for folder in python.parents)
    return os.getuid() == 0 and others
