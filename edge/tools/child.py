"""A child process of a tool, with the log it writes and the command it is started again with."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.tools.broker import die_with_parent

STOP_WITHIN: Final = 4.0


@dataclass(slots=True)
class Child:
    """A child process and the command it is started again with."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in a session of its own: Ctrl-C in the terminal is the demo's to pass on."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - the demo has no threads
            )

    def ended(self) -> bool:
        """Whether it has ended."""
        return self.process is not None and self.process.poll() is not None

    def terminate(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self) -> None:
        """Wait for its end, briefly; then end it."""
        if self.process is not None:
            try:
                self.process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
