"""The hub's own log file."""

from __future__ import annotations

import logging
from pathlib import Path

from edge.logbook import LINE, Logbook, keeping
from edge.masking import Masks


def record(text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("edge", level, "", 0, text, None, None)


def whole(book: Logbook, limit: int = 1 << 20) -> str:
    return b"".join(book.tail(limit)).decode()


def test_what_is_logged_can_be_read_without_its_secrets(tmp_path: Path) -> None:
    book = Logbook(tmp_path / "log", Masks(["hunter22"]))
    with keeping(book):
        logging.getLogger("edge.test").warning("the broker refuses hunter22")
        assert "WARNING edge.test the broker refuses ***\n" in whole(book)
    logging.getLogger("edge.test").warning("after it ended")
    text = (tmp_path / "log/hub.log").read_text()
    assert "refuses ***" in text
    assert "after" not in text
    assert (tmp_path / "log/hub.log").stat().st_mode & 0o077 == 0


def test_it_is_bounded_and_its_newest_lines_stay(tmp_path: Path) -> None:
    book = Logbook(tmp_path / "log", Masks(), size=1000, files=3)
    try:
        for number in range(200):
            book.emit(record(f"line {number:04} " + "x" * 40))
            book.flush()
        sizes = [path.stat().st_size for path in (tmp_path / "log").iterdir()]
        assert len(sizes) == 3
        assert max(sizes) < 1200
        text = whole(book)
        assert text.rstrip().splitlines()[-1].endswith("line 0199 " + "x" * 40)
        assert "line 0100" not in text
        short = whole(book, 300)
        assert 0 < len(short) <= 300
        assert short.startswith("20")  # from the beginning of a line
    finally:
        book.close()


def test_a_disk_that_takes_nothing_keeps_the_lines_waiting(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    book = Logbook(tmp_path / "log", Masks())
    try:
        book.emit(record("first"))
        book.flush()
        (tmp_path / "log").unlink()
        book.emit(record("second"))
        text = whole(book)
        assert text.index("first") < text.index("second")
    finally:
        book.close()


def test_a_secret_at_the_cut_is_masked_and_the_end_of_a_trace_stays(tmp_path: Path) -> None:
    book = Logbook(tmp_path / "log", Masks(["hunter22hunter22"]))
    try:
        for before in range(LINE // 2 - 20, LINE // 2 + 4):
            book.emit(record("x" * before + " hunter22hunter22 " + "y" * LINE))
        book.emit(record("x" * (LINE - 60) + " hunter22hunter22 " + "y" * LINE + "\nValueError: at last"))
        text = whole(book)
        assert "hunter" not in text
        assert text.rstrip().endswith("ValueError: at last")
    finally:
        book.close()


def test_a_line_without_end_is_cut_and_a_trace_stays_one_entry(tmp_path: Path) -> None:
    book = Logbook(tmp_path / "log", Masks())
    try:
        book.emit(record("x" * 100_000))
        book.emit(record("a\nb"))
        lines = whole(book).splitlines()
        assert len(lines[0]) < 5000
        assert lines[2] == "  b"
    finally:
        book.close()
