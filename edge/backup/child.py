"""The hub's side of the child that works on backups (`edge.tools.backup_child`): one order, one answer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from edge.backup.trouble import BackupError

MODULE: Final = "edge.tools.backup_child"
_GOING: Final = (
    5.0  # seconds a killed child has to be gone; one that hangs in the system's own calls is left behind
)


async def ask(
    order: Mapping[str, Any], within: float, done: Callable[[int], None] = lambda _bytes: None
) -> Mapping[str, Any]:
    """Have an order carried out within so many seconds; BackupError. done: told the bytes so far.

    The child has a process group of its own, which ends with it: what it started ends, too.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True, limit=1 << 22,
    )  # fmt: skip
    try:
        async with asyncio.timeout(within):
            answer = await _answer(child, order, done)
            await child.wait()
    except TimeoutError:
        raise BackupError(
            "hangs", f"{order['do']} took more than {within / 60:g} minutes and was ended"
        ) from None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        if child.returncode is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), _GOING)
    if answer is None:
        raise BackupError("defect", f"the child that does it ended with {child.returncode}")
    if "error" in answer:
        raise BackupError(answer["error"], answer["detail"])
    return answer


async def _answer(
    child: asyncio.subprocess.Process, order: Mapping[str, Any], done: Callable[[int], None]
) -> Mapping[str, Any] | None:
    assert child.stdin is not None  # noqa: S101 - asked for
    assert child.stdout is not None  # noqa: S101 - asked for
    with suppress(ConnectionError):
        child.stdin.write(json.dumps(order).encode() + b"\n")
        await child.stdin.drain()
        child.stdin.close()
    answer: Mapping[str, Any] | None = None
    while line := await child.stdout.readline():
        told: Mapping[str, Any] = json.loads(line)
        if "done" in told:
            done(told["done"])
        else:
            answer = told
    return answer
