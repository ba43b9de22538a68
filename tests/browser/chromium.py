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


# With the first two, each window has a page of the browser's own behind its address bar, and that takes as
# long to load as the page to be tested. The others Playwright turns off: of two lists the last one counts.
WITHOUT = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)


def arguments() -> list[str]:
    """Chromium refuses its sandbox to root, and the shared memory of many containers is too small for it."""
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return ["--disable-dev-shm-usage", f"--disable-features={','.join(WITHOUT)}", *root]
