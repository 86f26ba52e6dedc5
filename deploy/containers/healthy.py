"""python -I healthy.py URL CA: 0 while the hub says that it is armed, be it with faults; else 1 with what it says."""

from __future__ import annotations

import json
import ssl
import sys
import urllib.request

url, authority = sys.argv[1:]
try:
    trust = ssl.create_default_context(cafile=authority)
    with urllib.request.urlopen(url, timeout=5, context=trust) as answer:  # noqa: S310 - https, in compose.yaml
        status = json.load(answer)["status"]
except (OSError, ValueError, KeyError) as error:
    sys.exit(f"no answer: {error}")
print(status)
sys.exit(0 if status in {"armed", "degraded"} else 1)
