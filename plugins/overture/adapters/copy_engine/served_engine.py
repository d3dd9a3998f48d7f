"""A model that some server answers for, over the OpenAI-compatible chat completions that vLLM serves."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from overture.adapters.copy_engine.exchange import CopyRequest, EngineOptions, RawDraft, Sampling
from overture.errors import CopyEngineError, ModelError

SECONDS = 120
PARALLEL_REQUESTS = 16


class ServedEngine:
    """A served model; `write` turns requests into drafts, one for each, in order."""

    def __init__(self, options: EngineOptions, sampling: Sampling) -> None:
        self._base, self._name = split_address(options.model)
        self._options, self._sampling = options, sampling
        self._version = _server_version(self._base)

    def write(self, requests: Sequence[CopyRequest]) -> list[RawDraft]:
        """Generate one batch; raise CopyEngineError when the server stops answering.

        A request that the server refuses as bad (400) comes back refused; the others go on.
        """
        with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
            return list(pool.map(self._write_one, requests))

    def _write_one(self, request: CopyRequest) -> RawDraft:
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
            answer = ask(f"{self._base}/chat/completions", body)
        except urllib.error.HTTPError as error:
            if error.code != 400:
                raise _failed(self._base, error) from error
            answer = _refused("too_long_prompt" if b"context" in error.read() else "bad_grammar")
        except OSError as error:
            raise _failed(self._base, error) from error
        choice, usage = answer["choices"][0], answer["usage"]
        return RawDraft(
            draft_id=request.draft_id,
            text=choice["message"]["content"] or "",
            finish_reason=choice["finish_reason"],
            tokens_in=usage["prompt_tokens"],
            tokens_out=usage["completion_tokens"],
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
        # It would stand in requests, logs and error lines, and urllib sends no password.
        raise ModelError("an address with a secret", where="OVERTURE_MODEL", expected="http://host:port/v1#name")
    if not base.startswith(("http://", "https://")) or not name:
        raise ModelError("not a served model", where="OVERTURE_MODEL", expected="http://host:port/v1#name", got=address)
    return base.rstrip("/"), name


def served_names(base: str) -> list[str]:
    """Return the names of the models that a server answers for; raise ModelError when it does not answer."""
    try:
        return [model["id"] for model in ask(f"{base}/models")["data"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError("no served models", where=base, expected="a list of models at /models", got=error) from error


def ask(address: str, body: object = None) -> Any:
    """Send JSON to an address (a plain GET without a body) and return the JSON that comes back."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})  # noqa: S310 - http, checked above
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        return json.load(answer)


def _server_version(base: str) -> str:
    try:
        return str(ask(f"{base.removesuffix('/v1')}/version")["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"


def _refused(reason: str) -> dict[str, Any]:
    choice = {"message": {"content": ""}, "finish_reason": reason}
    return {"choices": [choice], "usage": {"prompt_tokens": 0, "completion_tokens": 0}}


def _failed(base: str, error: Exception) -> CopyEngineError:
    return CopyEngineError("the served model does not answer", where=base, expected="a completion", got=error)
