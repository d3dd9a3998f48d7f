"""How a process is named to others: in the catalog's sessions, so that a lock's holder can be found and told apart."""

import os
import socket


def this_process() -> str:
    """Return `<process id>@<host>`, with the host's first 20 characters; one process has one name."""
    host = socket.gethostname().encode("ascii", "replace").decode().replace(" ", "-")
    return f"{os.getpid()}@{host[:20]}"
