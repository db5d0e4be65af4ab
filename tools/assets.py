"""Bring the prebuilt files that the console shows from npm, and make one sprite of the icons it really uses.

`python tools/assets.py` writes shuke/console/static/vendor/ and takes no time when nothing changed.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
VENDOR = ROOT / "shuke" / "console" / "static" / "vendor"
STAMP = VENDOR / "stamp"
INSTALLED = PACKAGES / ".shuke-lock"

FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "alpine.min.js": "@alpinejs/csp/dist/cdn.min.js",
    "echarts.min.js": "echarts/dist/echarts.min.js",
}
_ICON = re.compile(r"""\bicon(?:=|:\s*|\s+)["']([a-z0-9-]+)["']""")
_SHAPES = re.compile(r".*<svg[^>]*>(.*)</svg>\s*", re.DOTALL)
_BOX = re.compile(r"<path[^>]*d=\"M0 0h24v24H0z\"[^>]*/>\s*")


def main() -> int:
    """Copy and build unless the stamp says that lock, icons and this file are those of the last run."""
    names = icons()
    stamp = _digest(names)
    if STAMP.exists() and STAMP.read_text() == stamp:
        return 0
    _install()
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in FILES.items():
        text = (PACKAGES / source).read_text(encoding="utf-8")
        # The maps are not carried along, and a browser that looks for them would report a missing file.
        (VENDOR / name).write_text(re.sub(r"\n?/[/*]# sourceMappingURL=[^\n]*", "", text), encoding="utf-8")
    (VENDOR / "icons.svg").write_text(sprite(names), encoding="utf-8")
    STAMP.write_text(stamp)
    print(f"{len(FILES)} files and {len(names)} icons in {VENDOR.relative_to(ROOT)}")
    return 0


def icons() -> list[str]:
    """Names that templates and Python files ask for: `{% icon "home" %}`, `icon="home"`."""
    found: set[str] = set()
    for surface in (ROOT / "shuke").iterdir():
        for pattern in ("templates/**/*.html", "**/*.py"):
            for path in surface.glob(pattern):
                found.update(_ICON.findall(path.read_text(encoding="utf-8")))
    return sorted(found)


def sprite(names: list[str]) -> str:
    """One SVG with a symbol for each icon; a name that Tabler does not have is an error."""
    symbols = []
    for name in names:
        path = PACKAGES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
        if not path.exists():
            raise SystemExit(f"there is no icon called {name!r}")
        inner = " ".join(_BOX.sub("", _SHAPES.sub(r"\1", path.read_text(encoding="utf-8"))).split())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def _install() -> None:
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.exists() and INSTALLED.read_text() == lock:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is needed to fetch the console's prebuilt files")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - fixed arguments
    INSTALLED.write_text(lock)


def _digest(names: list[str]) -> str:
    parts = [(ROOT / "package-lock.json").read_bytes(), Path(__file__).read_bytes(), "\n".join(names).encode()]
    return hashlib.sha256(b"\x00".join(parts)).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
