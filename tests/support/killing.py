"""A process that dies by SIGKILL at a chosen operation on files."""

import os
import signal
import sys


def kill_at(number, events):
    """Kill this process at the operation of that number, of the audit events named: before it, as hooks come first."""
    seen = 0

    def hook(event, _):
        nonlocal seen
        if event in events:
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
