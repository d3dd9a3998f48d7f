"""A stand-in for a served language model: it answers at once, the same request always with the same words.

For proofs in which the model's words are not the point, but that every home gets the same ones is. Run as a module, it
prints its port and serves until its standard input is closed.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST, NAME = "127.0.0.1", "stand-in"
WORDS = ("a very hot day", "the long way home", "tea with the neighbours", "a rainy afternoon", "no")
"""What the gap of an opening is filled with; the last is too short to be shown, so that templates occur too."""


class Answers(BaseHTTPRequestHandler):
    """The part of the OpenAI-compatible interface that is asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Name the one model, and a version."""
        self._say({"data": [{"id": NAME}], "version": "1"})

    def do_POST(self) -> None:
        """Complete a chat by the request's seed alone."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = f"How about {{title}} for {WORDS[asked['seed'] % len(WORDS)]}?"
        choice = {"message": {"content": text}, "finish_reason": "stop"}
        self._say({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 9}})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _say(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served_model() -> Iterator[str]:
    """Serve in a process of its own, which ends with this one; give what OVERTURE_MODEL must be."""
    command = [sys.executable, "-m", "prove.served_model"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the model's process has no pipes")
        try:
            yield f"http://{HOST}:{int(process.stdout.readline())}/v1#{NAME}"
        finally:
            process.stdin.close()


def main() -> None:
    """Serve on a free port."""
    server = ThreadingHTTPServer((HOST, 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
