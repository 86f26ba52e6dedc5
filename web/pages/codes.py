"""QR codes to print: addresses of this panel."""

from __future__ import annotations

import io

from fastapi import Request
from fastapi.responses import Response


def qr(request: Request, path: str) -> Response:
    """The code of an address of this panel, as SVG."""
    import segno  # at the first code: with the XML it brings along, a megabyte that most days need not hold

    out = io.BytesIO()
    address = f"{request.url.scheme}://{request.url.netloc}{path}"
    segno.make(address, error="m", micro=False).save(out, kind="svg", scale=4, border=4, light="white")
    return Response(out.getvalue(), media_type="image/svg+xml")
