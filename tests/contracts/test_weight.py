"""What a hub that starts does not load: each of these is megabytes that stay for good."""

from __future__ import annotations

import subprocess
import sys

# Loaded by children, by drivers that a site has, or at the first page that wants one.
LATER = (
    "PIL",
    "apprise",
    "babel",
    "cryptography",
    "cv2",
    "influxdb_client",
    "numpy",
    "onnxruntime",
    "requests",
    "segno",
    "serial",
    "tarfile",
)


def test_heavy_packages_wait_until_somebody_needs_them() -> None:
    code = f"import sys, edge.run, web.server; print(*[n for n in {LATER!r} if n in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
