"""One SQLite file: a single writer thread fed by a queue of functions, readers on connections of their own.

WAL and `synchronous=FULL`: what a future confirmed survives a power cut. A file that turns out to be corrupt is set
aside under a dated name, never deleted, and a new one is begun; a file that cannot be opened is tried again with
every transaction, so that the store heals by itself.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, TypeVar

from edge.store.migrations import Migration, migrate
from edge.store.trouble import Loss, StoreError, store_error

__all__ = ["Database", "Loss", "StoreError", "make_private", "peek", "store_error"]

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

log = logging.getLogger(__name__)

_MAGIC: Final = b"SQLite format 3\x00"
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_HEADER: Final = 100  # bytes (SQLite file format, 1.3)


class Database:
    """One SQLite file. `submit` and `write` run in the writer thread, one transaction each, in order.

    opened: called in the writer thread inside a transaction after each (re)opening and migration; it may raise
    StoreError("corrupt") when what it finds cannot be trusted.
    stamp: the date for the name of a file that is set aside ("20260601T080000Z").
    expendable: a reader that finds a damaged page has the file set aside too, so that what comes can be read again;
    else only the writer's own finding does.

    Beside the file lies an empty `<name>.begun`: one that is gone, or was emptied, is not taken for a first start.
    """

    def __init__(
        self,
        path: Path,
        migrations: Sequence[Migration],
        *,
        opened: Work[None],
        stamp: Callable[[], str],
        vacuum: bool = False,
        expendable: bool = False,
        readers: int = 2,
    ) -> None:
        self.path = path
        self.set_aside: Path | None = None  # the file last set aside
        self.losses: list[Loss] = []  # in the order in which new files were begun
        self.saved: dict[str, int] = {}  # what `opened` brought over into a new one
        self.blemish: str | None = None  # what a reader found damaged, while the writer goes on
        self._begun = path.with_name(path.name + ".begun")
        self._anew = False  # a loss is to be told as soon as the new file stands
        self._migrations = migrations
        self._opened = opened
        self._stamp = stamp
        self._vacuum = vacuum
        self._expendable = expendable
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=f"store-{path.stem}", daemon=True)
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix=f"store-{path.stem}-read")
        self._idle: list[sqlite3.Connection] = []  # readers of this generation
        self._lock = threading.Lock()
        self._generation = 0  # of the file: readers of a former one are closed
        self._conn: sqlite3.Connection | None = None
        self._probe: tuple[int, int] | None = None  # (descriptor, inode) to see the file damaged under us
        self._size = 0  # of the file after the last job
        self._condemned = False
        self._glance: Future[None] | None = None
        self._closed = False

    # -- for the event loop

    def open(self) -> StoreError | None:
        """Start the writer and open the file; the error when that failed (it is tried again with each write)."""
        self._thread.start()
        try:
            self.submit(lambda _conn: None).result()
        except StoreError as error:
            return error
        return None

    def submit(self, work: Work[T], *, plain: bool = False) -> Future[T]:
        """Queue `work` for the writer thread; its future gives the result once committed, or StoreError.

        plain: outside of a transaction (vacuum, checkpoint).
        """
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = self._plain(work) if plain else self._transact(work)
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the future
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            if self._closed:
                future.set_exception(StoreError("closed", self.path))
            else:
                self._jobs.put(job)
        return future

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction of the writer thread; StoreError when it was not committed."""
        return await asyncio.wrap_future(self.submit(work))

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a read connection in a small pool of threads, all of it on one snapshot."""
        if self._closed:
            raise StoreError("closed", self.path)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work)

    def glance(self) -> None:
        """Have the writer look whether the file is still the one it opened, as before each job; waits for nothing."""
        if self._glance is None or self._glance.done():
            self._glance = self.submit(lambda _conn: None, plain=True)

    def close(self) -> None:
        """Finish what is queued, then close the file. Blocks until the threads have ended."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._pool.shutdown(wait=True)
        for conn in self._idle:
            conn.close()  # the readers first: the last to close empties the write-ahead log, and must be able to
        self._idle.clear()
        self._jobs.put(None)
        if self._thread.ident is not None:
            self._thread.join()
        self._close_probe()

    # -- in the writer thread

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
        self._drop()

    def _transact(self, work: Work[T]) -> T:
        conn = self._ready()
        try:
            conn.execute("BEGIN IMMEDIATE")
            result = work(conn)
            conn.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._failed(conn, error) from error
        except BaseException:
            conn.rollback()
            raise
        self._note_size()
        return result

    def _plain(self, work: Work[T]) -> T:
        conn = self._ready()
        try:
            result = work(conn)
        except sqlite3.Error as error:
            raise self._failed(conn, error) from error
        self._note_size()
        return result

    def _note_size(self) -> None:
        if self._probe is not None:
            self._size = os.fstat(self._probe[0]).st_size

    def _failed(self, conn: sqlite3.Connection, error: sqlite3.Error) -> StoreError:
        failure = store_error(error, self.path)
        with suppress(sqlite3.Error):
            conn.rollback()
        if failure.trouble not in {"full", "busy"}:
            self._condemned = failure.trouble == "corrupt"
            self._drop()
        return failure

    def _ready(self) -> sqlite3.Connection:
        """The open connection, (re)opening where needed."""
        if self._conn is not None and not self._intact():
            self._drop()
        if self._conn is None:
            try:
                self._conn = self._open()
            except (sqlite3.Error, OSError, StoreError) as error:
                self._let_readers_go()
                raise error if isinstance(error, StoreError) else store_error(error, self.path) from error
        return self._conn

    def _intact(self) -> bool:
        """Whether the file at the path is still the one that was opened, and still begins as a database does.

        SQLite itself would go on writing into a file that was deleted or overwritten under it.
        """
        if self._probe is None:
            return True
        descriptor, inode = self._probe
        try:
            if self.path.stat().st_ino != inode:
                return False
            self._condemned = not _begins_well(descriptor) or _cut(descriptor, self._size)
        except OSError:
            return False
        return not self._condemned

    def _open(self) -> sqlite3.Connection:
        if self._condemned:
            self._put_aside("it was overwritten or failed a read")
        try:
            return self._attach()
        except (sqlite3.Error, StoreError) as error:
            failure = error if isinstance(error, StoreError) else store_error(error, self.path)
            if failure.trouble != "corrupt":
                raise
            self._put_aside(str(error))
            return self._attach()

    def _attach(self) -> sqlite3.Connection:
        new = not self.path.exists() or self.path.stat().st_size == 0
        if new and self._begun.exists():
            self._anew = True
        make_private(self.path)
        conn = _connect(self.path, "mode=rwc")
        try:
            if self._vacuum:
                conn.execute("PRAGMA auto_vacuum=INCREMENTAL")  # only takes effect on an empty file
            conn.execute("PRAGMA journal_mode=WAL")
            conn.execute("PRAGMA synchronous=FULL")
            conn.execute("PRAGMA journal_size_limit=4194304")
            conn.execute("PRAGMA temp_store=MEMORY")
            migrate(conn, self._migrations)
            conn.execute("BEGIN IMMEDIATE")
            self._opened(conn)
            conn.execute("COMMIT")
            if not self._begun.exists():
                self._begun.touch(mode=0o600)
                new = True
            if new:
                sync_folder(self.path.parent)
            self._watch()
        except BaseException:
            conn.close()
            raise
        if self._anew:
            self._tell()
        return conn

    def _tell(self) -> None:
        """A new file stands in the place of the former one."""
        self._anew = False
        aside = self.set_aside
        told = {loss.file for loss in self.losses}
        file = None if aside is None or aside.name in told else aside.name
        if file is None:
            log.error("store %s is gone or empty, and was not: a new one is begun", self.path)
        self.losses.append(Loss(self.path.stem, file, dict(self.saved)))

    def _watch(self) -> None:
        """Hold a descriptor of our own: opening and closing the file again would drop SQLite's locks (POSIX)."""
        inode = self.path.stat().st_ino
        if self._probe is None or self._probe[1] != inode:
            self._close_probe()
            self._probe = (os.open(self.path, os.O_RDONLY | os.O_CLOEXEC), inode)
        self._note_size()

    def _close_probe(self) -> None:
        if self._probe is not None:
            os.close(self._probe[0])
            self._probe = None

    def _put_aside(self, why: str) -> None:
        aside = self.path.with_name(f"{self.path.name}.{self._stamp()}.corrupt")
        number = 1
        while aside.exists():
            number += 1
            aside = aside.with_name(f"{self.path.name}.{self._stamp()}-{number}.corrupt")
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").replace(f"{aside}{suffix}")
        sync_folder(self.path.parent)
        self._condemned = False
        self._anew = True
        self.blemish = None
        self.set_aside = aside
        log.error("store %s is damaged (%s): set aside as %s, a new one is begun", self.path, why, aside.name)

    def _condemn(self, generation: int) -> None:
        """A reader found the file damaged; nothing to do when it has been replaced meanwhile."""
        if generation == self._generation:
            self._condemned = True
            self._drop()

    def _drop(self) -> None:
        if self._conn is not None:
            with suppress(sqlite3.Error):
                self._conn.close()
            self._conn = None
        self._let_readers_go()

    def _let_readers_go(self) -> None:
        """Close idle readers now, busy ones when they return.

        All connections of a process share one index of the write-ahead log. One that was opened while the disk was
        read-only stays so until the last of them has closed, and would keep the writer out when the disk has healed.
        """
        with self._lock:
            self._generation += 1
            idle, self._idle = self._idle, []
        for conn in idle:
            conn.close()

    # -- in the reader threads

    def _read(self, work: Work[T]) -> T:
        try:
            generation, conn = self._borrow()
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error
        try:
            conn.execute("BEGIN")
            result = work(conn)
        except sqlite3.Error as error:
            conn.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                if self._expendable:
                    self.submit(lambda _conn: self._condemn(generation), plain=True)
                else:
                    self.blemish = str(error)
            raise store_error(error, self.path) from error
        except BaseException:
            conn.close()
            raise
        conn.execute("ROLLBACK")
        with self._lock:
            if generation == self._generation:
                self._idle.append(conn)
                return result
        conn.close()
        return result

    def _borrow(self) -> tuple[int, sqlite3.Connection]:
        with self._lock:
            generation = self._generation
            found = self._idle.pop() if self._idle else None
        return generation, found or _connect(self.path, "mode=ro", _READERS)


CACHE: Final = 1000
"""KiB of pages that a writer keeps: a commit appends."""
_READERS: Final = 256
"""KiB that each of a dozen readers keeps: the next commit voids them, and a query hardly visits a page twice."""


def peek(path: Path, work: Work[T]) -> T:
    """Run `work` on a file that nobody has open and that may not be writable (disk full, read-only, set aside).

    Exclusive locking keeps the index of the write-ahead log in memory instead of in a file.
    """
    try:
        with closing(_connect(path, "mode=rw")) as conn:
            conn.execute("PRAGMA locking_mode=EXCLUSIVE")
            return work(conn)
    except sqlite3.Error:
        log.debug("store %s cannot be opened for writing: read as it stands", path)
    try:
        with closing(_connect(path, "mode=ro&immutable=1")) as conn:
            return work(conn)
    except sqlite3.Error as error:
        raise store_error(error, path) from error


def _connect(path: Path, mode: str, cache: int = CACHE) -> sqlite3.Connection:
    conn = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=5,
        isolation_level=None,
        check_same_thread=False,
    )
    conn.execute(f"PRAGMA cache_size=-{cache}")
    return conn


def make_private(path: Path) -> None:
    """Make the file where it is missing: who did what and who may sign in is nobody else's to read.

    SQLite gives its log and index beside the file the same rights.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)


def _begins_well(descriptor: int) -> bool:
    """Whether a file begins as a database does."""
    return os.pread(descriptor, len(_MAGIC), 0) == _MAGIC


def _cut(descriptor: int, before: int) -> bool:
    """Whether a file of `before` bytes was cut since: it has shrunk, and its header does not know of it.

    The header alone proves nothing. A checkpoint writes it first, and on a full disk not what it speaks of: the log
    beside the file still holds that.
    """
    size = os.fstat(descriptor).st_size
    if size >= before:
        return False
    head = os.pread(descriptor, _HEADER, 0)
    page = int.from_bytes(head[16:18], "big")
    return size < int.from_bytes(head[28:32], "big") * (65536 if page == 1 else page)


def sync_folder(folder: Path) -> None:
    """A new or renamed name survives a power cut only when its folder was synced."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
