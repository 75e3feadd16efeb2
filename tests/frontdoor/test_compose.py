"""docker-compose.yml without a Docker engine: its schema, and that all it names exists (issue 2, front door).

compose-schema.json is the Compose Specification's own schema (compose-spec/compose-spec, Apache License 2.0), taken unchanged but for white
space from the npm package dclint 3.1.0 (schemas/compose.schema.json).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
import yaml

from controlroom.cli import COMMANDS
from controlroom.cluster import CLONE
from controlroom.pg_config import server_settings
from controlroom.pg_place import Place
from controlroom.settings import SECTIONS

pytestmark = [pytest.mark.frontdoor, pytest.mark.timeout(300)]
FILE = CLONE / "docker-compose.yml"
OURS = {"migrate", "api-1", "api-2", "jobs"}
#: What the database image reads; all else in the file must be a setting of ours.
OF_THE_DATABASE_IMAGE = {"POSTGRES_USER", "POSTGRES_PASSWORD_FILE", "POSTGRES_DB", "POSTGRES_INITDB_ARGS"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def known_variables() -> set[str]:
    """Every variable that some settings class reads."""
    names: set[str] = set()
    for section in SECTIONS:
        prefix = str(section.model_config.get("env_prefix", ""))
        names |= {f"{prefix}{field}".upper() for field in section.model_fields}
    return names


def test_it_follows_the_compose_schema(compose: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parent / "compose-schema.json").read_text(encoding="utf-8"))
    check = jsonschema.Draft7Validator(schema)

    assert [error.message for error in check.iter_errors(compose)] == []
    broken = {**compose, "services": {"db": {"image": 5}}}
    assert list(check.iter_errors(broken))


def test_it_has_database_migration_two_apis_jobs_and_a_front_and_one_image_of_ours(services: dict[str, Any]) -> None:
    assert set(services) == OURS | {"db", "front"}
    assert len({services[name]["image"] for name in OURS}) == 1
    assert services["front"]["ports"] == ["80:80", "443:443"]
    assert not any(services[name].get("ports") for name in OURS | {"db"})


def test_every_service_has_a_health_check_and_waits_for_the_health_of_what_it_needs(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services
            assert how["condition"] in {"service_healthy", "service_completed_successfully"}


def test_every_python_line_of_a_health_check_is_python(services: dict[str, Any]) -> None:
    lines = [words[3] for service in services.values() if (words := service["healthcheck"]["test"])[1] == "python"]

    assert lines
    for line in lines:
        compile(line, "healthcheck", "exec")


def test_every_command_in_it_is_one_of_ours(services: dict[str, Any]) -> None:
    from controlroom.app import Part

    for name in OURS:
        module, *words = services[name]["command"]
        if module == "controlroom":
            assert words[0] in COMMANDS
        else:
            assert module == "controlroom.serve"
            assert Part(words[0]) is not Part.ALL
    parts = [services[name]["command"][1] for name in ("api-1", "api-2", "jobs")]
    assert parts == ["api", "api", "jobs"]


def test_every_variable_in_it_is_a_setting_of_ours(services: dict[str, Any]) -> None:
    entrypoint = (CLONE / "deploy" / "entrypoint.sh").read_text(encoding="utf-8")
    turned = re.search(r"^for name in (.+); do$", entrypoint, re.MULTILINE)
    assert turned
    secrets = {f"{name}_FILE": name for name in turned[1].split()}
    known = known_variables()
    for name in OURS:
        for variable in services[name]["environment"]:
            assert secrets.get(variable, variable) in known, f"{name}: {variable}"
    assert set(services["db"]["environment"]) == OF_THE_DATABASE_IMAGE


def test_no_secret_stands_in_it_and_each_comes_from_a_file_that_git_ignores(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    for name, secret in compose["secrets"].items():
        assert secret == {"file": f"./deploy/secrets/{name}"}
        ignored = subprocess.run(["git", "check-ignore", "-q", f"deploy/secrets/{name}"], cwd=CLONE, check=False)
        assert ignored.returncode == 0
    used = {secret for service in services.values() for secret in service.get("secrets", [])}
    assert used == set(compose["secrets"])
    for service in services.values():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|URL|KEY|TOKEN|SECRET", variable):
                assert str(value).startswith("/run/secrets/")
                assert Path(value).name in service["secrets"]
    guide = (CLONE / "deploy" / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in guide for name in compose["secrets"])


def test_every_file_and_network_and_volume_it_names_is_there(compose: dict[str, Any], services: dict[str, Any]) -> None:
    for service in services.values():
        assert set(service["networks"]) <= set(compose["networks"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (CLONE / source).is_file()


def test_the_database_takes_every_option_it_is_started_with(services: dict[str, Any], server: str) -> None:
    options = [word.removeprefix("-c").split("=") for word in services["db"]["command"][1:]]
    with psycopg.connect(server) as conn:
        for name, value in options:
            row = conn.execute("select vartype, min_val, max_val from pg_settings where lower(name) = %s", (name,)).fetchone()
            assert row is not None, name
            if row[0] == "integer" and value.isdecimal():
                assert int(row[1]) <= int(value) <= int(row[2])


#: Values of pg_config.py that mean nothing in a container: where it listens, and log files where the image writes to its output.
NOT_IN_A_CONTAINER = {
    "listen_addresses", "unix_socket_directories", "unix_socket_permissions", "logging_collector", "log_directory", "log_filename",
    "log_truncate_on_rotation", "log_rotation_age", "log_rotation_size", "log_line_prefix",
}  # fmt: skip


def test_the_database_is_started_with_the_values_of_a_private_cluster(services: dict[str, Any], tmp_path: Path) -> None:
    written = server_settings(Place(home=tmp_path, sockets=tmp_path, outside=""))
    ours = dict(line.replace("'", "").split(" = ") for line in written.splitlines() if not line.startswith("#"))

    started = dict(word.removeprefix("-c").split("=") for word in services["db"]["command"][1:])

    assert started == {name: value for name, value in ours.items() if name not in NOT_IN_A_CONTAINER}


def test_the_front_sends_to_the_api_services_on_the_port_they_listen_at(services: dict[str, Any]) -> None:
    caddy = (CLONE / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    upstreams = re.search(r"reverse_proxy (.+) \{", caddy)
    assert upstreams
    port = services["api-1"]["environment"]["WEB_PORT"]

    assert upstreams[1].split() == [f"api-1:{port}", f"api-2:{port}"]
    assert "respond /metrics 404" in caddy
    assert services["front"]["healthcheck"]["test"][-1] == "http://127.0.0.1:8081/healthz"
    assert "http://:8081" in caddy


def test_the_image_copies_what_there_is_and_does_not_run_as_root() -> None:
    lines = (CLONE / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from=" not in line]

    for sources in copied:
        for source in sources:
            assert (CLONE / source).exists(), source
    packages = {source for sources in copied for source in sources if (CLONE / source / "__init__.py").exists()}
    assert packages == {path.parent.name for path in CLONE.glob("*/__init__.py")} - {"tests", "bench"}
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER merkez"


def test_the_entrypoint_turns_secret_files_into_variables_and_stops_at_a_missing_one(tmp_path: Path) -> None:
    secret = tmp_path / "database_url"
    secret.write_text("postgresql://u:p%40 $x@db/merkez\n", encoding="utf-8")
    entrypoint = CLONE / "deploy" / "entrypoint.sh"
    show = [entrypoint, "sh", "-c", 'printf "%s|%s|%s" "$DATABASE_URL" "${DATABASE_URL_FILE-gone}" "${SMS_URL-unset}"']

    told = subprocess.run(
        show, env={"PATH": os.defpath, "DATABASE_URL_FILE": str(secret)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout == "postgresql://u:p%40 $x@db/merkez|gone|unset"
    missing = subprocess.run(
        show, env={"PATH": os.defpath, "SMS_URL_FILE": "/nowhere"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert missing.returncode != 0


def test_the_role_made_in_the_container_is_the_one_the_migrations_expect(server: str) -> None:
    """Roles belong to the server, so the statement is looked at and tried under another name."""
    script = (CLONE / "deploy" / "db-roles.sh").read_text(encoding="utf-8")
    statement = re.search(r"create role merkez_api (.+) password :'password';", script)
    assert statement
    with psycopg.connect(server) as conn:
        conn.execute(f"create role t_compose_role {statement[1]} password 'x'")  # type: ignore[arg-type]
        row = conn.execute("select rolcanlogin, rolinherit, rolbypassrls from pg_roles where rolname = 't_compose_role'")
        assert row.fetchone() == (True, False, False)
        conn.rollback()
