"""A model that some server answers for, over the OpenAI-compatible chat completions that vLLM serves."""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from overture.adapters.copy_engine.exchange import CopyRequest, EngineOptions, RawDraft, Sampling, given_up
from overture.adapters.copy_engine.server_calls import (
    PATIENCE,
    Patience,
    RefusedError,
    Server,
    UnansweredError,
)
from overture.errors import CopyEngineError, ModelError

FAILURES_IN_A_ROW = 16
"""So many requests given up without an answer between them are no longer theirs, but the server's."""


class ServedEngine:
    """A served model: `begin` asks it, a batch of requests at a time, `finished` gives what it answered."""

    def __init__(self, options: EngineOptions, sampling: Sampling, patience: Patience = PATIENCE) -> None:
        base, self._name = split_address(options.model)
        self._server = Server(base, patience, options.batch_size)
        self._options, self._sampling = options, sampling
        self._pool = ThreadPoolExecutor(options.batch_size)
        self._asked: dict[Future[RawDraft], CopyRequest] = {}
        self._has_answered, self._in_a_row = False, 0
        self._version = _server_version(self._server)

    def begin(self, requests: Sequence[CopyRequest]) -> None:
        """Ask for drafts, beside those that were asked for before."""
        for request in requests:
            self._asked[self._pool.submit(self._write, request)] = request

    def finished(self) -> list[RawDraft]:
        """Wait until drafts are answered, and return those; none where nothing was asked.

        A request that the server refuses as bad (400, 422) comes back refused; one that it fails on again and again
        while it answers others is given up. Raises CopyEngineError when the server cannot be reached, wants a key,
        or answers nothing more.
        """
        done, _ = wait(self._asked, return_when=FIRST_COMPLETED)
        try:
            return [self._outcome(future, self._asked.pop(future)) for future in done]
        except CopyEngineError:
            self._pool.shutdown(wait=False, cancel_futures=True)
            raise

    def _outcome(self, future: Future[RawDraft], request: CopyRequest) -> RawDraft:
        try:
            draft = future.result()
        except UnansweredError as error:
            self._in_a_row += 1
            is_server_s = not self._has_answered and not self._asked
            if error.is_unreachable or is_server_s or self._in_a_row >= FAILURES_IN_A_ROW:
                raise _failed(self._server.base, error) from error
            return given_up(request)
        self._has_answered, self._in_a_row = True, 0
        return draft

    def _write(self, request: CopyRequest) -> RawDraft:
        body = {
            "model": self._name,
            "messages": [{"role": role, "content": content} for role, content in request.messages],
            "temperature": self._sampling.temperature,
            "top_p": self._sampling.top_p,
            "top_k": self._sampling.top_k,
            "repetition_penalty": self._sampling.repetition_penalty,
            "max_tokens": self._sampling.max_tokens,
            "seed": request.seed,
            "structured_outputs": {"regex": request.pattern},
        }
        try:
            text, why, tokens_in, tokens_out = _said(self._server.ask("/chat/completions", body))
        except RefusedError as error:
            if error.status not in (400, 422):
                raise _failed(self._server.base, error) from error
            text, why, tokens_in, tokens_out = "", "too_long_prompt" if "context" in error.said else "bad_grammar", 0, 0
        return RawDraft(
            draft_id=request.draft_id,
            text=text,
            finish_reason=why,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            engine="served",
            engine_version=self._version,
            model=self._options.name,
            device="remote",
            dtype="unknown",
            threads=0,
            prompt_version=request.prompt_version,
        )


def split_address(address: str) -> tuple[str, str]:
    """Return base address and model name of `http://host:port/v1#name`; raise ModelError for anything else."""
    base, _, name = address.partition("#")
    if "@" in base or "?" in base:
        # It would stand in requests, logs and error lines; a key goes into VLLM_API_KEY.
        raise ModelError("an address with a secret", where="OVERTURE_MODEL", expected="http://host:port/v1#name")
    if not base.startswith(("http://", "https://")) or not name:
        raise ModelError("not a served model", where="OVERTURE_MODEL", expected="http://host:port/v1#name", got=address)
    return base.rstrip("/"), name


def served_names(base: str, patience: Patience = PATIENCE) -> list[str]:
    """Return the names of the models that a server answers for; raise ModelError when it does not answer."""
    try:
        return [str(model["id"]) for model in Server(base, patience, 1).ask("/models")["data"]]
    except (RefusedError, UnansweredError, KeyError, TypeError) as error:
        raise ModelError("no served models", where=base, expected="a list of models at /models", got=error) from error


def _said(answer: Any) -> tuple[str, str, int, int]:
    """Return text, finish reason, tokens read and written of an answer; raise UnansweredError for another shape."""
    try:
        choice, usage = answer["choices"][0], answer["usage"]
        reason = str(choice["finish_reason"])
        return choice["message"]["content"] or "", reason, int(usage["prompt_tokens"]), int(usage["completion_tokens"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UnansweredError(f"no completion in the answer: {error!r}") from error


def _server_version(server: Server) -> str:
    try:
        return str(Server(server.base.removesuffix("/v1"), server.patience, 1).ask("/version")["version"])
    except (RefusedError, UnansweredError, KeyError, TypeError):
        return "unknown"


def _failed(base: str, error: Exception) -> CopyEngineError:
    return CopyEngineError("the served model does not answer", where=base, expected="a completion", got=error)
