"""The board alone, with a client that only remembers: the newest of each topic goes last, whatever fails between."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from drivers._mqtt import board as board_module
from drivers._mqtt.board import UNDER_WAY, Board
from tests.chance import examples

TOPICS = st.sampled_from(["x/alarms/a1", "x/alarms/a2", "x/alarms/a3"])


class Store:
    """A broker's retained messages. Messages arrive when told to."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.way: list[tuple[int, str, bytes]] = []
        self.packet = 0

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool = False) -> Any:
        assert (qos, retain) == (1, True)
        assert all(topic != other for _, other, _ in self.way), "two of one topic may overtake each other"
        self.packet += 1
        self.way.append((self.packet, topic, payload))
        return SimpleNamespace(mid=self.packet)

    def arrive(self) -> int | None:
        if not self.way:
            return None
        packet, topic, payload = self.way.pop(0)
        self.kept[topic] = payload
        if not payload:
            del self.kept[topic]
        return packet


class Machine(RuleBasedStateMachine):
    """Alarms come and go, links break; whenever all has gone out, the broker has what is open."""

    def __init__(self) -> None:
        super().__init__()
        self.board, self.store = Board(), Store()
        self.open: dict[str, bytes] = {}
        self.linked = False

    @rule(topic=TOPICS, number=st.integers(0, 2))
    def show(self, topic: str, number: int) -> None:
        payload = f'{{"id": "{topic[-2:]}", "n": {number}}}'.encode()
        self.open[topic] = payload
        self.board.show(topic, payload)

    @rule(topic=TOPICS)
    def clear(self, topic: str) -> None:
        self.open.pop(topic, None)
        self.board.clear(topic)

    @rule(arrived=st.booleans())
    def broken(self, arrived: bool) -> None:
        while arrived and self.store.arrive() is not None:
            pass
        self.store.way.clear()
        self.board.close("no broker")
        self.linked = False

    @rule()
    def restarted(self) -> None:
        self.broken(arrived=False)
        self.board = Board()
        for topic, payload in self.open.items():
            self.board.show(topic, payload)

    @rule()
    def linked_again(self) -> None:
        if not self.linked:
            self.linked = True
            self.board.open()
            for topic, payload in list(self.store.kept.items()):
                self.board.found(topic, payload)

    @rule()
    def go_on(self) -> None:
        if self.linked:
            self.board.serve(self.store)
            if (packet := self.store.arrive()) is not None:
                self.board.told(None, None, packet, SimpleNamespace(value=0), None)

    @rule()
    def settle(self) -> None:
        self.linked_again()
        for _ in range(20):
            self.go_on()
        assert self.store.kept == self.open

    @invariant()
    def nothing_overdue(self) -> None:
        assert self.board.open_topics == len(self.open)


Machine.TestCase.settings = examples(150, stateful_step_count=25)
TestMachine = Machine.TestCase


def test_what_is_not_confirmed_in_time_goes_again_as_it_then_is(monkeypatch: Any) -> None:
    monkeypatch.setattr(board_module, "ANSWER_WITHIN", 0.0)
    board, store = Board(), Store()
    board.open()
    board.show("x/alarms/a1", b'{"n": 1}')
    board.serve(store)
    board.show("x/alarms/a1", b'{"n": 2}')
    store.way.clear()
    board.serve(store)
    assert [payload for _, _, payload in store.way] == [b'{"n": 2}']


def test_few_are_under_way_at_a_time() -> None:
    board, store = Board(), Store()
    for number in range(100):
        board.show(f"x/alarms/{number}", b"{}")
    board.serve(store)
    assert len(store.way) == UNDER_WAY
