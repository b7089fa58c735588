"""Who may write to stderr."""

import os
import sys


def silence_libraries() -> None:
    """Keep what C libraries write to stderr away from it; Python goes on writing there.

    libjpeg and libpng report damage on stderr without the name of a file. The process has to be
    ours: this changes the meaning of its file descriptor 2.
    """
    keep = os.dup(sys.stderr.fileno())
    sys.stderr = os.fdopen(keep, "w", encoding="utf-8", errors="backslashreplace", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
