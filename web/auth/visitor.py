"""Who is asking: the account behind a request's token or session cookie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from starlette.requests import HTTPConnection
from starlette.responses import Response

from edge.domain.instant import DAY, HOUR
from edge.facade import Account, Hub, Role
from web.auth.permissions import Perm, allows
from web.auth.secrets import csrf_token, digest

COOKIE: Final = "edge_hub"
IDLE: Final = 12 * HOUR  # a shift
WALL_LASTS: Final = (
    36_500 * DAY
)  # a wall is taken back by removing its account; no clock that leaps by ten years ends it
WALL_MARK: Final = "wall."  # begins the secret of a wall's session, which is known before its account is
_COOKIE_LASTS: Final = 400 * DAY  # browsers keep none for longer; the wall's page renews it
ABSOLUTE: Final = 7 * DAY  # a wall that is always looked at may not fall silent in the middle of a night


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person or program behind a request. session: the cookie's secret, None when it came with a token.

    wall: the screen at which the person, `account`, was known by their PIN; None where they signed in themselves.
    """

    account: Account
    session: str | None
    wall: Account | None = None

    @property
    def name(self) -> str:
        """What stands in the journal."""
        return self.account.name

    @property
    def role(self) -> Role:
        """guard, maintenance or admin."""
        return self.account.role

    @property
    def csrf(self) -> str | None:
        """What every writing request of this session must carry; None for a token, which needs none."""
        return None if self.session is None else csrf_token(self.session)

    def may(self, perm: Perm) -> bool:
        """Whether the permission table lets them."""
        return allows(self.account.role, perm)


def hub_of(connection: HTTPConnection) -> Hub:
    """The hub this app was made for."""
    return cast("Hub", connection.app.state.hub)


async def identify(connection: HTTPConnection) -> Visitor | None:
    """Who is asking; None for nobody known. A token given in the header wins over a cookie, good or bad."""
    hub = hub_of(connection)
    authorization = connection.headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        account = await hub.accounts.token(digest(token.strip()))
        return None if account is None else Visitor(account, None)
    secret = connection.cookies.get(COOKIE)
    if not secret:
        return None
    idle = WALL_LASTS if secret.startswith(WALL_MARK) else IDLE
    account = await hub.accounts.session(digest(secret), hub.now().utc, idle)
    return None if account is None else Visitor(account, secret)


def set_cookie(response: Response, secret: str, *, secure: bool) -> None:
    """Hand the session to the browser. Lax, not strict: a link from a chat or a QR code must still be signed in."""
    lasts = _COOKIE_LASTS if secret.startswith(WALL_MARK) else ABSOLUTE
    response.set_cookie(
        COOKIE, secret, max_age=lasts // 1_000_000, path="/", httponly=True, samesite="lax", secure=secure
    )


def drop_cookie(response: Response, *, secure: bool) -> None:
    """Take the session from the browser."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=secure)
