"""Child processes that cannot outlive the process that started them. It refuses to leave one behind."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
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
    pass_fds: Sequence[int] = (),
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
        pass_fds=pass_fds,
        preexec_fn=_die_with(os.getpid(), death_signal),  # noqa: PLW1509  one prctl, no locks, no imports
    )


def end(child: Child, steps: Iterable[tuple[signal.Signals, float]]) -> None:
    """Send each signal and wait that long for it to work; the last resort is SIGKILL for its session."""
    for number, patience in steps:
        if child.poll() is not None:
            return
        child.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience)
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def die_with_parent(death_signal: signal.Signals) -> None:
    """Ask the kernel to send us `death_signal` when our parent ends; a no-op where it cannot."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    def die_with_it() -> None:
        # Runs after the change of user, because changing it clears the setting.
        die_with_parent(death_signal)
        if os.getppid() != parent:
            os._exit(1)

    return die_with_it
