"""Child processes that cannot outlive the process that started them. It refuses to leave one behind."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1

Child = subprocess.Popen[bytes]


def spawn(
    arguments: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    user: int | None = None,
    group: int | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
) -> Child:
    """Start a child in a session of its own, so that the terminal's Ctrl-C reaches only us.

    Call this from the main thread: the kernel sends `death_signal` when the *thread* that forked ends.
    """
    return subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        cwd=cwd,
        env=env,
        user=user,
        group=group,
        extra_groups=[] if user is not None else None,
        start_new_session=True,
        preexec_fn=_dies_with_parent(death_signal),  # noqa: PLW1509  one prctl, no locks, no imports
    )


def end(child: Child, steps: Iterable[tuple[signal.Signals, float]]) -> None:
    """Send each signal and wait that long for it to work; the last resort is SIGKILL."""
    for number, patience in steps:
        if child.poll() is not None:
            return
        child.send_signal(number)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    if child.poll() is None:
        child.kill()
        child.wait()


def _dies_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def die_with_parent() -> None:
        # After the change of user, because changing it clears the setting.
        prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return die_with_parent
