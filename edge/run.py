"""`edge-hub run`: the hub of one site, until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from drivers._libraries import unload
from edge.assembly import Options, running
from edge.lock import HubInUseError
from edge.settings import SettingsError

log = logging.getLogger(__name__)
_LAST_PORT = 65535
_M_ARENA_MAX = -8  # malloc.h of glibc


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `run`."""
    parser.add_argument(
        "--site", type=Path, required=True, help="folder of the site; an empty one gets the template"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of journal, telemetry and accounts")
    parser.add_argument(
        "--broker-state",
        type=Path,
        metavar="DIR",
        help="folder of the broker's store on this machine: one that was set aside there is told, and until when "
        "the broker's certificate is good",
    )
    parser.add_argument(
        "--listen",
        type=_address,
        default="127.0.0.1:8080",
        metavar="HOST:PORT",
        help="panel and API (%(default)s)",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="a host name the panel is called by (repeatable)",
    )
    parser.add_argument("--tls-cert", type=Path, help="certificate chain (PEM); with --tls-key")
    parser.add_argument("--tls-key", type=Path, help="private key (PEM)")
    parser.add_argument(
        "--insecure-lan",
        action="store_true",
        help="listen beyond this machine without TLS: whoever is on that network can read along",
    )


def _address(text: str) -> str:
    """`text` where it ends in a port; what it may be besides is told when it is listened on."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no HOST:PORT with a port up to {_LAST_PORT}")
    return text


def command(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; 1 when the site's folder or the data folder cannot be used."""
    logging.basicConfig(
        level=os.environ.get("EDGE_HUB_LOG", "INFO").upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    options = Options(
        site=arguments.site,
        data=arguments.data,
        broker_state=arguments.broker_state,
        listen=arguments.listen,
        tls_cert=arguments.tls_cert,
        tls_key=arguments.tls_key,
        insecure_lan=arguments.insecure_lan,
        names=tuple(arguments.name),
        civil_offset=int(os.environ.get("EDGE_HUB_DEMO_CIVIL_OFFSET", "0")),
    )
    _one_heap()
    try:
        return asyncio.run(_serve(options))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (HubInUseError, OSError, ValueError) as error:
        sys.stderr.write(f"edge-hub: {error}\n")
        return 1


def _one_heap() -> None:
    """Before there are threads: a heap for each of them would keep what that one needed at most (3 MB)."""
    with suppress(AttributeError):  # another C library has no such thing
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


async def _serve(options: Options) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(options) as running_hub:
        # What the start made stays: looking through it again and again held up the line for 20 to 110 ms each time.
        gc.collect()
        gc.freeze()
        unload()
        line = asyncio.ensure_future(running_hub.line)
        stopped = asyncio.ensure_future(stop.wait())
        done, _ = await asyncio.wait({line, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if line not in done:
            return 0
        log.critical(
            "the line has ended, which it never should: start the hub again", exc_info=line.exception()
        )
        return 1
