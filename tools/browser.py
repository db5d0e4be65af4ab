"""Sees to it that Chromium and a Chinese font are there for the browser tests; exit code 3 says they have to be left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

REQUIRED = "SHUKE_REQUIRE_BROWSER"


def main() -> int:
    """0 when browser tests can run, 3 when they are left out, 1 when they were required."""
    packages = missing()
    if packages:
        install(packages)
        packages = missing()
    if not packages:
        return 0
    print(f"Browser tests are left out; to run them too: apt-get install {' '.join(packages)}")
    return 1 if os.environ.get(REQUIRED) == "1" else 3


def missing() -> list[str]:
    """Debian's names of what is not there."""
    packages = [] if shutil.which("chromium") or shutil.which("google-chrome") else ["chromium"]
    fonts = shutil.which("fc-list") and _output("fc-list", ":lang=zh-cn", "family")
    return packages + ([] if fonts else ["fontconfig", "fonts-noto-cjk"])


def install(packages: list[str]) -> None:
    """Install Debian packages where this account may, without a question; what fails is seen by `missing`."""
    apt = shutil.which("apt-get")
    if apt is None:
        return
    prefix = [] if os.geteuid() == 0 else _sudo()
    if prefix is None:
        return
    print(f"→ installing {' '.join(packages)} (once)", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        whole = [*prefix, apt, *command]
        subprocess.run(whole, env=quiet, capture_output=True, check=False)  # noqa: S603 - package names from this file


def _sudo() -> list[str] | None:
    """The words before a command that need no password; None where there are none."""
    sudo = shutil.which("sudo")
    if sudo is None or subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode:  # noqa: S603 - sudo itself
        return None
    return [sudo, "-n"]


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - commands from this file


if __name__ == "__main__":
    sys.exit(main())
