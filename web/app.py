"""The web application around one hub: routes, guards, headers, errors and streams, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from edge.facade import Hub
from web import problems
from web.api.v1.routes import routes as api
from web.auth.grants import Grants
from web.auth.secrets import Passwords
from web.openings import Openings
from web.pages import routes as pages
from web.security import BodyLimit, KnownHosts, SecurityHeaders
from web.streams import Streams

_STATIC = Path(__file__).resolve().parent / "static"


def create_app(hub: Hub, *, names: Collection[str] = (), secure: bool = False) -> FastAPI:
    """The panel and the API of `hub`.

    names: host names it may be called by, besides its addresses and the machine's own name.
    secure: it is served over TLS, so its cookies travel over nothing else.
    `app.state` holds `hub`, `streams`, `passwords`, `grants`, `openings` and `secure`.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        streams: Streams = app.state.streams
        streams.start()
        yield
        await streams.stop()

    app = FastAPI(
        title="edge hub",
        version=hub.version,
        openapi_url=None,  # served by a guarded route
        docs_url=None,  # Swagger UI is loaded from a CDN: it neither works offline nor passes the CSP
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.hub = hub
    app.state.streams = Streams(hub)
    app.state.passwords = Passwords()
    app.state.grants = Grants()
    app.state.openings = Openings()
    app.state.secure = secure
    problems.install(app)
    app.router.routes += [*api, *pages]
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    # The last added is the outermost.
    app.add_middleware(BodyLimit)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(KnownHosts, names=names)
    app.add_middleware(SecurityHeaders)
    return app
