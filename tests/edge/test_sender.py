"""The sender: a channel that hangs or breaks costs its own attempt only."""

from __future__ import annotations

import asyncio

from edge.dispatch.channels.desk import DeskChannel
from edge.domain.conclusion import Receipt, Release, Send, Sent
from edge.domain.names import Text
from edge.sender import Sender


class Bad(DeskChannel):
    """Hangs for ever on "hang", breaks on anything else."""

    async def send(self, send: Send) -> Sent:
        if send.text == "hang":
            await asyncio.Event().wait()
        raise ValueError(send.text)


async def test_only_a_channel_that_keeps_answers_is_told_of_one_on_record() -> None:
    released: list[str] = []

    class Keeps(DeskChannel):
        def release(self, key: str) -> None:
            released.append(key)

    name = Text("台", "desk")
    channels = {"sms": Keeps("sms", name, lambda: 1), "desk": DeskChannel("desk", name, lambda: 1)}
    sender = Sender(channels, lambda _: None)
    for channel in ("sms", "desk", "fax"):
        sender.release(Release(channel, f"of {channel}"))
    assert released == ["of sms"]


async def test_every_attempt_ends_in_a_word_about_it() -> None:
    told: list[Receipt] = []
    name = Text("台", "desk")
    good, bad = DeskChannel("desk", name, lambda: 1), Bad("bad", name, lambda: 1)
    done = asyncio.Event()

    def take(receipt: Receipt) -> None:
        told.append(receipt)
        if len(told) == 4:
            done.set()

    sender = Sender({"desk": good, "bad": bad}, take, limit=0.05)
    sender.start()
    for number, (channel, text) in enumerate([("bad", "hang"), ("bad", "x"), ("desk", "y"), ("fax", "z")]):
        sender.send(Send(f"nt-1-{number}", 1, channel, "", text, urgent=False))
    await asyncio.wait_for(done.wait(), 10)
    await sender.stop()
    errors = {r.notification: r.error for r in told if isinstance(r, Sent)}
    assert errors["nt-1-2"] is None
    assert "no answer" in (errors["nt-1-0"] or "")
    assert "defect" in (errors["nt-1-1"] or "")
    assert "no such channel" in (errors["nt-1-3"] or "")
