"""A served model over real HTTP: what it is asked, what it answers, and every way in which a server misbehaves."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from overture.adapters.copy_engine.exchange import (
    CopyRequest,
    EngineOptions,
    Job,
    RawDraft,
    Sampling,
    read_shards,
    write_job,
)
from overture.adapters.copy_engine.served_engine import FAILURES_IN_A_ROW, ServedEngine, served_names
from overture.adapters.copy_engine.server_calls import KEY, Patience
from overture.adapters.copy_process import generate_drafts
from overture.errors import CopyEngineError, ModelError

PATTERN = "How about \\{title\\}"
SAMPLING = Sampling(temperature=0.8, top_p=1.0, top_k=40, repetition_penalty=1.0, max_tokens=80)
HASTY = Patience(tries=3, broken_tries=2, seconds=0.3, wait=0.01, longest=1)
SECRET = "hunter2"


def request(identity: str, text: str = "Item: Ice") -> CopyRequest:
    return CopyRequest(identity, [["system", "Write."], ["user", text]], PATTERN, 3, "test.v1")


class Server(BaseHTTPRequestHandler):
    """Answers like an OpenAI-compatible server: as the last word of the prompt says, so often, then well."""

    asked: ClassVar[list[dict[str, object]]] = []
    times: ClassVar[list[float]] = []
    failures: ClassVar[int] = 0

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        self.times.append(time.monotonic())
        said = body["messages"][-1]["content"]
        misbehave: Callable[[], object] | None = getattr(self, f"be_{said}", None)
        if misbehave and len([one for one in self.asked if one == body]) <= self.failures:
            misbehave()
        elif said == "guarded" and self.headers["Authorization"] != f"Bearer {SECRET}":
            self.answer(401, {})
        else:
            self.answer(200, self.completion("How about {title} for tea?"))

    def do_GET(self) -> None:
        self.answer(200, {"version": "9.9", "data": [{"id": "small"}]})

    def be_long(self) -> None:
        self.answer(400, {"message": "maximum context length"})

    def be_grammar(self) -> None:
        self.answer(400, {"message": "bad regex"})

    def be_broken(self) -> None:
        self.answer(500, {})

    def be_busy(self) -> None:
        self.answer(429, {}, **{"Retry-After": "1"})

    def be_slow(self) -> None:
        time.sleep(1)

    def be_gone(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{")

    def be_half(self) -> None:
        self.wfile.write(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"choices": [{"mess')

    def be_another(self) -> None:
        self.answer(200, {"object": "error"})

    def be_moved(self) -> None:
        self.answer(302, {}, Location="/v1/elsewhere")

    def answer(self, code: int, content: object, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    @staticmethod
    def completion(text: str) -> dict[str, object]:
        choice = {"message": {"content": text}, "finish_reason": "stop"}
        return {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 5}}

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.delenv(KEY, raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    Thread(target=server.serve_forever, daemon=True).start()
    Server.asked.clear()
    Server.times.clear()
    Server.failures = 1
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


@pytest.fixture
def served(address: str) -> ServedEngine:
    return engine_at(address)


def engine_at(address: str) -> ServedEngine:
    return ServedEngine(EngineOptions(f"{address}#small", "small", "bfloat16", 512, 4, 1, 1), SAMPLING, HASTY)


def drafts_of(engine: ServedEngine, *requests: CopyRequest) -> dict[str, RawDraft]:
    engine.begin(requests)
    drafts: list[RawDraft] = []
    while len(drafts) < len(requests):
        drafts += engine.finished()
    assert engine.finished() == []
    return {draft.draft_id: draft for draft in drafts}


def test_a_served_model_is_asked_with_grammar_and_seed(served: ServedEngine) -> None:
    draft = drafts_of(served, request("abc"))["abc"]
    assert (draft.text, draft.engine, draft.engine_version, draft.model, draft.tokens_out) == (
        "How about {title} for tea?", "served", "9.9", "small", 5,
    )  # fmt: skip
    asked = Server.asked[0]
    assert (asked["model"], asked["seed"], asked["structured_outputs"]) == ("small", 3, {"regex": PATTERN})


def test_what_a_server_refuses_is_refused_and_the_others_go_on(served: ServedEngine) -> None:
    drafts = drafts_of(served, request("a", "long"), request("b", "grammar"), request("c"))
    reasons = {identity: draft.finish_reason for identity, draft in drafts.items()}
    assert reasons == {"a": "too_long_prompt", "b": "bad_grammar", "c": "stop"}
    assert len(Server.asked) == 3


@pytest.mark.parametrize("how", ["broken", "busy", "slow", "gone", "half"])
def test_a_server_that_fails_once_is_asked_again(served: ServedEngine, how: str) -> None:
    assert drafts_of(served, request("a", how))["a"].finish_reason == "stop"
    assert len(Server.asked) == 2


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(served: ServedEngine) -> None:
    drafts_of(served, request("a", "busy"))
    assert Server.times[1] - Server.times[0] >= 1


@pytest.mark.parametrize(
    ("how", "tries", "got"),
    [
        ("broken", 3, "status 500"),
        ("busy", 3, "status 429"),
        ("slow", 2, "timed out"),
        ("gone", 2, "IncompleteRead"),
        ("half", 2, "no JSON"),
        ("another", 1, "no completion"),
        ("moved", 1, "status 302"),
    ],
)
def test_a_server_that_answers_nothing_ends_the_step_after_so_many_tries(
    served: ServedEngine, how: str, tries: int, got: str
) -> None:
    Server.failures = 99
    with pytest.raises(CopyEngineError, match=f"the served model does not answer.*{got}") as caught:
        drafts_of(served, request("a", how))
    assert "\n" not in str(caught.value)
    assert len(Server.asked) == tries


@pytest.mark.parametrize("how", ["broken", "slow", "half", "another"])
def test_a_request_that_a_working_server_fails_on_is_given_up_and_the_others_go_on(
    served: ServedEngine, how: str
) -> None:
    Server.failures = 99
    drafts = drafts_of(served, request("a"), request("b", how), request("c"))
    reasons = {identity: draft.finish_reason for identity, draft in drafts.items()}
    assert reasons == {"a": "stop", "b": "not_generated", "c": "stop"}


def test_a_server_that_breaks_for_good_is_not_asked_for_the_rest(served: ServedEngine) -> None:
    drafts_of(served, request("good"))
    Server.failures = 99
    with pytest.raises(CopyEngineError, match="does not answer"):
        drafts_of(served, *(request(f"a{number}", "broken") for number in range(10 * FAILURES_IN_A_ROW)))
    assert len(Server.asked) < 4 * FAILURES_IN_A_ROW * HASTY.tries


def test_a_server_that_is_not_there_is_named(address: str) -> None:
    nobody = "http://127.0.0.1:9/v1"
    with pytest.raises(
        CopyEngineError, match=r"does not answer: 127\.0\.0\.1:9|does not answer.*127\.0\.0\.1:9.*refused"
    ):
        drafts_of(engine_at(nobody), request("a"))
    with pytest.raises(ModelError, match=r"no served models.*127\.0\.0\.1:9"):
        served_names(nobody, HASTY)


def test_a_key_of_the_environment_opens_a_guarded_server(served: ServedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CopyEngineError, match=f"status 401; the server wants a key in {KEY}"):
        drafts_of(served, request("a", "guarded"))
    monkeypatch.setenv(KEY, SECRET)
    assert drafts_of(engine_at(served._server.base), request("b", "guarded"))["b"].finish_reason == "stop"


def test_a_worker_with_a_key_leaves_it_in_no_file(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, SECRET)
    options = EngineOptions(f"{address}#small", "small", "bfloat16", 512, 4, 1, 1)
    job, asked = tmp_path / "requests.jsonl", [request(f"a{number}", "guarded") for number in range(9)]
    write_job(job, Job(options, SAMPLING, asked))
    generate_drafts(Path(sys.executable), job, tmp_path / "shards")
    assert {draft.finish_reason for draft in read_shards(tmp_path / "shards").values()} == {"stop"}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 2
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


def test_a_key_follows_no_redirection_and_stands_in_no_error(
    served: ServedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, SECRET)
    Server.failures = 99
    with pytest.raises(CopyEngineError, match="status 302") as caught:
        drafts_of(served, request("a", "moved"))
    assert SECRET not in str(caught.value)
    assert len(Server.asked) == 1
