from __future__ import annotations

import os
from pathlib import Path

from drivers._libraries import clean_libraries


def mapping(start: str, rights: str, path: str, anonymous: int) -> str:
    return (
        f"{start}000-{start}fff {rights} 00000000 fe:00 260386                     {path}\n"
        f"Size:                  8 kB\nRss:                   8 kB\nAnonymous:      {anonymous:8} kB\n"
        "LazyFree:              0 kB\nVmFlags: rd mr mw me sd \n"
    )


def test_only_what_is_as_in_the_file_of_a_library_is_let_go():
    smaps = "".join(
        [
            mapping("7f01", "r-xp", "/usr/lib/python3/dist-packages/cv2/cv2.abi3.so", 0),
            mapping("7f02", "r--p", "/usr/lib/libavcodec-c4204469.so.62.28.101", 0),
            mapping("7f03", "r--p", "/usr/lib/libavcodec-c4204469.so.62.28.101", 380),  # relocated
            mapping(
                "7f04", "rw-p", "/usr/lib/libavcodec-c4204469.so.62.28.101", 0
            ),  # may be written at any time
            mapping("7f05", "r--p", "/usr/lib/locale/C.utf8/LC_CTYPE", 0),  # may be unmapped at any time
            mapping("7f06", "r--p", "/srv/clips/made.so.mp4", 0),
            mapping("7f07", "r-xp", "", 0),
            mapping("7f08", "r-xp", "/usr/lib/libcrypto-5409cd36.so.1.1.1k", 0),
        ]
    )
    starts = [start for start, _ in clean_libraries(smaps.encode())]
    assert starts == [0x7F01000, 0x7F02000, 0x7F08000]


def test_this_systems_own_table_is_understood():
    found = [*clean_libraries(Path("/proc/self/smaps").read_bytes())]
    assert found
    assert all(start < end and start % os.sysconf("SC_PAGE_SIZE") == 0 for start, end in found)
