"""The pages as Airflow mounts them: its own log-in and roles decide who sees them, and who recalls."""

import json
from collections.abc import Callable
from typing import Any

import pytest

ASK = """
import json, sys
from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.models.base import Base
from airflow.settings import engine
from starlette.routing import Mount
from starlette.testclient import TestClient

app = create_app(apps="core")
Base.metadata.create_all(engine)
roles = {role: SimpleAuthManagerUser(username=role, role=role) for role in ("viewer", "user")}
tokens = {role: get_auth_manager().generate_jwt(user) for role, user in roles.items()}
tokens |= {"stranger": None, "forger": tokens["user"][:-4] + "AAAA"}

from overture.orchestration.pages import application

asked = [(method, route.path) for route in application().routes for method in sorted(route.methods)]
answers = {}
for who, token in tokens.items():
    client = TestClient(app, follow_redirects=False, cookies={"_token": token} if token else {})
    own = {"sec-fetch-site": "same-origin"}
    answers[who] = {
        f"{method} {path}": client.request(method, "/overture" + path, headers=own).status_code
        for method, path in asked if token is None or who == "forger" or path in ("/reports/{path:path}", "/recall")
    }
bearer = {"authorization": "Bearer " + tokens["user"]}
answers["program"] = {"POST /recall": TestClient(app).post("/overture/recall", headers=bearer).status_code}
with open(sys.argv[1], "w") as file:
    json.dump({"asked": asked, "answers": answers}, file)
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, in_airflow: Callable[..., None]) -> dict[str, dict[str, int]]:
    """The status of every answer, by who asks; what a viewer and a user may ask for reaches no lake."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "home").mkdir()
    in_airflow(folder / "home", ASK, str(folder / "answers.json"))
    found: dict[str, Any] = json.loads((folder / "answers.json").read_text())
    assert len(found["asked"]) >= 6
    return found["answers"]  # type: ignore[no-any-return]


def test_a_stranger_gets_nothing_of_any_route(answers: dict[str, dict[str, int]]) -> None:
    assert set(answers["stranger"].values()) == {401}
    assert len(answers["stranger"]) >= 6


def test_a_token_that_airflow_did_not_sign_opens_nothing(answers: dict[str, dict[str, int]]) -> None:
    assert set(answers["forger"].values()) <= {401, 403}


def test_a_viewer_sees_and_recalls_nothing_and_a_user_recalls(answers: dict[str, dict[str, int]]) -> None:
    # 404: there is no such report; 422: what is to be recalled is not said. Both were let in.
    assert answers["viewer"] == {"GET /reports/{path:path}": 404, "POST /recall": 403}
    assert answers["user"] == {"GET /reports/{path:path}": 404, "POST /recall": 422}
    assert answers["program"] == {"POST /recall": 422}
