"""Finds a Chromium for the browser tests. It downloads none."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> Path | None:
    """BLOG_CHROMIUM, else the first customary name on the path."""
    if named := os.environ.get("BLOG_CHROMIUM"):
        return Path(named)
    return next((Path(found) for name in NAMES if (found := shutil.which(name))), None)


def arguments() -> list[str]:
    """Chromium refuses its sandbox to root, and the shared memory of many containers is too small for it."""
    return ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
