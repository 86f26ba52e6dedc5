"""Many messages that wait for one person become one with a count, the most urgent in front. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from edge.dispatch.pending import Book, Pending
from edge.domain.notification import Notification
from edge.domain.notification import NotificationState as State

FEW: Final = 3  # waiting for one person on one channel; more become one message


def folded(queue: Iterable[Pending], book: Book) -> list[Pending]:
    """What waits on one channel, best first; what is more than a few for one person folded into the best of it."""
    left = sorted(queue, key=lambda one: one.case.rank)
    heads: list[Pending] = []
    while left:
        heads.append(left.pop(0))
        left = _fold(heads[-1], left, book)
    return heads


def _fold(best: Pending, queue: list[Pending], book: Book) -> list[Pending]:
    """Fold what waits for the same person into `best` where it is more than a few; what still waits by itself.

    Fires keep a message each until more than a few of them wait.
    """
    if best.case.message == "proof":
        return queue
    same = [
        one
        for one in queue
        if one.case.person == best.case.person
        and one.case.message != "proof"
        and _alike(one.case) == _alike(best.case)
    ]
    if len(same) < FEW:
        return queue
    fires = [one for one in same if one.case.about.signal == "fire"]
    fold = same if len(fires) >= FEW else [one for one in same if one.case.about.signal != "fire"]
    if not fold:
        return queue
    counts, alarms = dict(best.case.counts), dict.fromkeys(best.case.alarms)
    for one in fold:
        signal = one.case.about.signal
        counts[signal] = counts.get(signal, 0) + 1
        for inner, number in one.case.counts.items():
            counts[inner] = counts.get(inner, 0) + number
        alarms.update(dict.fromkeys(one.case.alarms))
        needed = {id for each in (best, one) for id in each.case.alarms if id not in each.taken}
        best.taken = (best.taken | one.taken) - needed
        book.end(one, State.FOLDED, None, into=best.case.id)
    best.case = replace(best.case, counts=counts, alarms=tuple(alarms))
    book.record("queued", best)  # what it now speaks for outlives a power cut
    gone = {id(one) for one in fold}
    return [one for one in queue if id(one) not in gone]


def _alike(case: Notification) -> tuple[object, ...]:
    """What messages must share to become one.

    What may have arrived is not mixed with what is new: the one says "repeat", the other does not. Nor are those with
    different channels still to come: a channel would be left out, or told twice. A drill is told apart from all else.
    """
    then = () if case.silent else case.then
    return (case.uncertain, then, case.asked if then else "", case.about.drill)
