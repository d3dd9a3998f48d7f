"""Airflow's REST API on this machine, spoken to directly and without a proxy."""

import http.client
import json
from typing import Any

from overture.errors import OrchestrationError
from overture.orchestration.airflow_environment import HOST
from overture.orchestration.credentials import USER


class Api:
    """One logged-in client of the API server on `port`."""

    def __init__(self, port: int, password: str) -> None:
        """Log in; raise OrchestrationError when no server answers there, or one that refuses the password."""
        self.port, self._token = port, ""
        answer = self.call("POST", "/auth/token", {"username": USER, "password": password})
        self._token = str(answer["access_token"])

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Send one request and return the answer's JSON; raise OrchestrationError when it is refused."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        where = f"{method} http://{HOST}:{self.port}{path}"
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise OrchestrationError("Airflow does not answer", where=where, got=error) from error
        finally:
            connection.close()
        if response.status >= 400:
            raise OrchestrationError("Airflow refused", where=where, got=f"{response.status} {text[:500]}")
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise OrchestrationError("Airflow's answer is no JSON", where=where, got=text[:200]) from error
