"""Who comes in, and what they may do."""

from __future__ import annotations

from web.auth.guard import CSRF_FIELD, CSRF_HEADER, require, while_signed_in
from web.auth.permissions import Perm, allows
from web.auth.signin import first_sign_in, sign_in, sign_out
from web.auth.visitor import Visitor, drop_cookie, hub_of, identify, set_cookie

__all__ = [
    "CSRF_FIELD",
    "CSRF_HEADER",
    "Perm",
    "Visitor",
    "allows",
    "drop_cookie",
    "first_sign_in",
    "hub_of",
    "identify",
    "require",
    "set_cookie",
    "sign_in",
    "sign_out",
    "while_signed_in",
]
