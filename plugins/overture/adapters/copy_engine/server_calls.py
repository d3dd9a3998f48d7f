"""Calls to a server over HTTP: JSON in, JSON out, tried again with longer and longer waits, and then an error."""

import os
from dataclasses import dataclass
from typing import Any, Final

KEY: Final = "VLLM_API_KEY"
"""The environment variable with the server's key: `vllm serve` reads its own from the same one. It is read where a call
is made, and stands in no setting, no file and no line that is logged."""

BUSY: Final = (408, 425, 429, 500, 502, 503, 504)
"""Statuses after which the same call may succeed later."""


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    tries: calls in all. broken_tries: of those, such as ended in a time-out or in the middle of an answer. seconds: for
    one answer. wait: seconds before the third try, twice as many before the next, ...; longest: of these, and of what
    a server asks for (Retry-After).
    """

    tries: int = 6
    broken_tries: int = 3
    seconds: float = 120.0
    wait: float = 0.5
    longest: int = 60


PATIENCE: Final = Patience()


class RefusedError(Exception):
    """The server answered, and another try would get the same: its status, and the beginning of what it said."""

    def __init__(self, status: int, said: str) -> None:
        hint = f"; the server wants a key in {KEY}" if status in (401, 403) else ""
        super().__init__(f"status {status}{hint}")
        self.status, self.said = status, said


class UnansweredError(Exception):
    """The server did not answer, however often it was asked. is_unreachable: there is nobody to ask."""

    def __init__(self, why: str, *, is_unreachable: bool = False) -> None:
        super().__init__(why)
        self.is_unreachable = is_unreachable


class Server:
    """One server, by the address that its paths stand below; safe to be asked by many threads at once."""

    def __init__(self, base: str, patience: Patience, connections: int) -> None:
        import urllib3

        self.base, self.patience = base, patience
        self._pool = urllib3.PoolManager(maxsize=connections, timeout=urllib3.Timeout(patience.seconds))
        self._tries = urllib3.Retry(
            total=patience.tries - 1,
            read=patience.broken_tries - 1,
            redirect=False,  # a key is for this address alone
            allowed_methods=None,  # the same request has the same draft, so that asking twice does no harm
            status_forcelist=BUSY,
            backoff_factor=patience.wait,
            backoff_max=patience.longest,
            retry_after_max=patience.longest,
            raise_on_status=False,
            raise_on_redirect=False,
        )

    def ask(self, path: str, body: object = None) -> Any:
        """Send JSON (a plain GET without a body) and return the JSON that comes back.

        Raises RefusedError for a status that another try would not change, UnansweredError after all tries.
        """
        import urllib3

        tries = self._tries
        while True:
            try:
                answer = self._pool.request(
                    "POST" if body else "GET", self.base + path, **self._sent(body), retries=tries
                )
            except urllib3.exceptions.MaxRetryError as error:
                nobody = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
                raise UnansweredError(_plain(error.reason), is_unreachable=isinstance(error.reason, nobody)) from error
            except urllib3.exceptions.HTTPError as error:
                raise UnansweredError(_plain(error)) from error
            if answer.status in BUSY:
                raise UnansweredError(f"status {answer.status}, {self.patience.tries} times")
            if answer.status != 200:
                raise RefusedError(answer.status, answer.data[:2000].decode(errors="replace"))
            try:
                return answer.json()
            except ValueError as error:
                tries = self._again(answer.retries or tries, error)

    def _again(self, tries: Any, error: ValueError) -> Any:
        """Wait after an answer that is no JSON, as after one that broke off; raise UnansweredError after the last."""
        import urllib3

        try:
            left = tries.increment("POST", self.base, error=urllib3.exceptions.ProtocolError("half an answer", error))
        except urllib3.exceptions.MaxRetryError as last:
            raise UnansweredError("an answer that is no JSON") from last
        left.sleep()
        return left

    @staticmethod
    def _sent(body: object) -> dict[str, Any]:
        key = os.environ.get(KEY, "").strip()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return {"headers": headers, "json": body} if body else {"headers": headers}


def _plain(error: BaseException | None) -> str:
    """Return an error in one line; of urllib3's that name a connection, only what it met."""
    return str(error).rpartition(">: ")[2] or str(error)
