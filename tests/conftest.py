"""Fixtures for every test: the leak guard, real brokers, the system's browser."""

from __future__ import annotations

import gc
import inspect
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from edge.tools.broker import Broker, BrokerAccount, Mosquitto, shipped_accounts
from tests import chance
from tests.leaks import Holdings, leaked_tasks

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # the guard must know whether the test itself failed
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


def pytest_addoption(parser: pytest.Parser) -> None:
    """`sh deploy/test.sh --long`: also what takes long and shows little more than a shorter test beside it."""
    parser.addoption("--long", action="store_true", help="also the tests marked `long`, and new examples")


def pytest_configure(config: pytest.Config) -> None:
    chance.choose(new=config.getoption("--long"))


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests are marked and last: Playwright's loop stays with its process, where no asyncio test can follow.

    Asyncio tests get the task guard too: before their own fixtures, so that these have ended when it looks. Files with
    slow tests come first, so that no worker is left alone with one at the end.
    """
    slow = set()
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            item.fixturenames.insert(item.fixturenames.index("no_leaks") + 1, "no_leaked_tasks")
        if "playwright" in getattr(item, "fixturenames", ()):
            item.add_marker("e2e")
        if item.get_closest_marker("slow"):
            slow.add(item.path)
    if not config.getoption("--long"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    items.sort(key=lambda item: (item.get_closest_marker("e2e") is not None, item.path not in slow))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What has been imported stays: looked through at each collection it would take a part of every test's time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that leaves threads, child processes, files or sockets behind.

    What session and module fixtures hold is older than the snapshot and none of this test's business.
    """
    before = Holdings.now()
    yield
    if not request.node.stash.get(FAILED, False) and (left := before.settle()):
        pytest.fail("the test left behind:\n  " + "\n  ".join(left), pytrace=False)


@pytest.fixture
async def no_leaked_tasks(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fails a test that leaves asyncio tasks running."""
    yield
    if not request.node.stash.get(FAILED, False) and (left := await leaked_tasks()):
        pytest.fail("the test left behind:\n  " + "\n  ".join(left), pytrace=False)


@pytest.fixture
def start_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Broker]]:
    """Starts brokers of the test's own: `start_broker(accounts=…, port=…)`. All are stopped at the end."""
    with ExitStack() as running:

        def start(accounts: list[BrokerAccount] | None = None, port: int | None = None) -> Broker:
            mine = accounts or list(shipped_accounts(field=["#"], demo=["#"]).values())
            return running.enter_context(Mosquitto(tmp_path_factory.mktemp("broker"), mine, port=port))

        yield start


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for the whole run, with the shipped accounts (hub, field, demo). Use topics of your own."""
    accounts = shipped_accounts(field=["#"], demo=["#"]).values()
    with Mosquitto(tmp_path_factory.mktemp("broker"), list(accounts)) as running:
        yield running


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium: nothing is downloaded. panel.test is a plain-http name as on a site's LAN."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser")  # the first takes a third less time
    chromium = next((found for name in names if (found := shutil.which(name))), None)
    if chromium is None:
        pytest.fail("no Chromium: sh deploy/test.sh installs it")
    arguments = ["--no-sandbox", "--host-resolver-rules=MAP panel.test 127.0.0.1"]
    return {**browser_type_launch_args, "executable_path": chromium, "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout these tests belong to."""
    return Path(__file__).resolve().parent.parent
