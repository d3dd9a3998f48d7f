import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from overture.adapters.copy_engine.exchange import CopyRequest, EngineOptions, Sampling
from overture.adapters.copy_engine.served_engine import ServedEngine
from overture.errors import CopyEngineError

PATTERN = "How about \\{title\\}"
SAMPLING = Sampling(temperature=0.8, top_p=1.0, top_k=40, repetition_penalty=1.0, max_tokens=80)


def request(identity: str, text: str) -> CopyRequest:
    return CopyRequest(identity, [["system", "Write."], ["user", text]], PATTERN, 3, "test.v1")


class Server(BaseHTTPRequestHandler):
    """Answers like an OpenAI-compatible server: fine, a context too short, a bad grammar, or broken."""

    asked: ClassVar[list[dict[str, object]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        said = body["messages"][-1]["content"]
        code, answer = 200, self.completion("How about {title} for tea?")
        if said in ("long", "grammar"):
            code, answer = 400, {"message": "maximum context length" if said == "long" else "bad regex"}
        elif said == "broken":
            code, answer = 500, {}
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"version": "9.9"}')

    @staticmethod
    def completion(text: str) -> dict[str, object]:
        choice = {"message": {"content": text}, "finish_reason": "stop"}
        return {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 5}}

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served() -> Iterator[ServedEngine]:
    server = HTTPServer(("127.0.0.1", 0), Server)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/v1#small"
    Server.asked.clear()
    yield ServedEngine(EngineOptions(address, "small", "bfloat16", 512, 4, 1, 1), SAMPLING)
    server.shutdown()
    server.server_close()


def test_a_served_model_is_asked_with_grammar_and_seed(served: ServedEngine) -> None:
    draft = served.write([request("abc", "Item: Ice")])[0]
    assert (draft.text, draft.engine, draft.engine_version, draft.model) == (
        "How about {title} for tea?",
        "served",
        "9.9",
        "small",
    )
    asked = Server.asked[0]
    assert (asked["model"], asked["seed"], asked["structured_outputs"]) == ("small", 3, {"regex": PATTERN})


def test_what_a_server_refuses_is_refused_and_the_batch_goes_on(served: ServedEngine) -> None:
    drafts = served.write([request("a", "long"), request("b", "grammar"), request("c", "Item: Ice")])
    assert [draft.finish_reason for draft in drafts] == ["too_long_prompt", "bad_grammar", "stop"]


def test_a_server_that_breaks_ends_the_step(served: ServedEngine) -> None:
    with pytest.raises(CopyEngineError, match="does not answer"):
        served.write([request("a", "broken")])
