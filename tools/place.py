"""Puts the project on the private environment's path and makes its `shuke` command; both survive a move of the folder."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/python" -m shuke.cli.main "$@"\n'


def main() -> None:
    """Write `shuke.pth` and `bin/shuke` into the environment this runs in."""
    packages = Path(sysconfig.get_path("purelib"))
    (packages / "shuke.pth").write_text(os.path.relpath(ROOT, packages) + "\n")
    launcher = Path(sysconfig.get_path("scripts")) / "shuke"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)


if __name__ == "__main__":
    main()
