"""Build the wheel, after `make setup`: with assets, icons and compiled catalogues, for machines without Node."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Build, and say where the wheel is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="folder the wheel is put into")
    options = parser.parse_args()
    own = ROOT / ".tools" / "bin" / "uv"
    uv = str(own) if own.exists() else shutil.which("uv")
    if uv is None:
        print("uv is missing: run `make setup` first", file=sys.stderr)
        return 1
    # uv has its build backend within itself: nothing is fetched.
    command = [uv, "build", "--quiet", "--offline", "--wheel", "--out-dir", str(options.to), str(ROOT)]
    code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own tool
    if not code:
        print(*sorted(str(path) for path in options.to.glob("shuke-*.whl")))
    return code


if __name__ == "__main__":
    sys.exit(main())
