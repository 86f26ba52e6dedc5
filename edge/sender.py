"""Beside the line: carries messages to their channels, each attempt with a time limit, and tells what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from edge.dispatch.channel import Channel, Keeping
from edge.domain.conclusion import Receipt, Release, Send, Sent

log = logging.getLogger("edge.sender")

LIMIT: Final = 60.0  # seconds for one attempt, a ring call of 20 s included


class Sender:
    """Each attempt is a task of its own: one that fails or hangs costs that attempt only.

    told: takes receipts on the hub's loop or from any thread, and never blocks. limit: seconds.
    """

    def __init__(
        self, channels: Mapping[str, Channel], told: Callable[[Receipt], None], limit: float = LIMIT
    ) -> None:
        self._channels = channels
        self._told = told
        self._limit = limit
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> int:
        """Attempts that have not ended."""
        return len(self._tasks)

    def start(self) -> None:
        """Start all channels; one that cannot is logged and answers its attempts with an error."""
        for channel in self._channels.values():
            try:
                channel.start(self._told)
            except Exception:
                log.exception("channel %s does not start", channel.id)

    def send(self, send: Send) -> None:
        """Begin an attempt; returns at once. Its `Sent` comes through `told`, also when the channel is unknown."""
        channel = self._channels.get(send.channel)
        if channel is None:
            self._told(Sent(send.notification, send.attempt, "there is no such channel", again=False))
            return
        task = asyncio.get_running_loop().create_task(
            self._attempt(channel, send), name=f"send {send.channel} {send.notification}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def release(self, release: Release) -> None:
        """Let a channel know that an answer is on record."""
        channel: object = self._channels.get(release.channel)
        if isinstance(channel, Keeping):
            channel.release(release.key)

    async def stop(self) -> None:
        """End attempts under way, without a word about them: after the restart they are repeated, and say so."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        stopped = await asyncio.gather(*(c.stop() for c in self._channels.values()), return_exceptions=True)
        for channel, result in zip(self._channels.values(), stopped, strict=True):
            if isinstance(result, BaseException):
                log.error("channel %s does not stop: %r", channel.id, result)

    async def _attempt(self, channel: Channel, send: Send) -> None:
        try:
            async with asyncio.timeout(self._limit):
                sent = await channel.send(send)
        except TimeoutError:
            sent = Sent(send.notification, send.attempt, f"no answer within {self._limit:g} s")
        except Exception as error:
            log.exception("channel %s failed at %s", channel.id, send.notification)
            sent = Sent(send.notification, send.attempt, f"defect of the channel: {type(error).__name__}")
        self._told(sent)
