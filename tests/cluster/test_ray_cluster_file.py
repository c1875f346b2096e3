"""The cluster file for Ray's launcher: valid by Ray's own schema, and as closed as a private Ray."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pathspec import GitIgnoreSpec
from ray.autoscaler._private.util import prepare_config, validate_config

from cluster.access import Role

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "ray_cluster.yaml").read_text())


def test_cluster_file_passes_the_validation_of_ray(written: dict[str, Any]):
    config = prepare_config(written)
    validate_config(config)
    nodes = config["available_node_types"][config["head_node_type"]]
    assert nodes["min_workers"] == nodes["max_workers"] == len(written["provider"]["worker_ips"])


@pytest.mark.parametrize("role", ["head", "worker"])
def test_cluster_file_every_start_wants_the_token_and_reports_nothing(written: dict[str, Any], role: str):
    (start,) = [command for command in written[f"{role}_start_ray_commands"] if "ray start" in command]
    for wanted in ("RAY_AUTH_MODE=token", "RAY_AUTH_TOKEN_PATH=~/.evoq/ray.token", "RAY_USAGE_STATS_ENABLED=0"):
        assert wanted in start
    assert "~/.evoq/ray.token" in written["file_mounts"]
    assert ("--dashboard-host=127.0.0.1" in start) == (role == "head")


def test_cluster_file_nodes_get_every_dependency(written: dict[str, Any]):
    wanted = {re.match(r"[\w.-]+", dependency).group() for dependency in SETTINGS["project"]["dependencies"]}
    (install,) = [command for command in written["setup_commands"] if "pip install" in command]
    assert wanted <= set(re.findall(r"[\w.-]+", install))


def test_job_submission_ships_the_code_and_no_secret():
    """Ray joins both files, and can be told to pass .gitignore over; nobody should commit a secret either."""
    ray, git = (
        GitIgnoreSpec.from_lines((ROOT / name).read_text().splitlines()) for name in (".rayignore", ".gitignore")
    )
    home = [
        *(f"token.{role}" for role in Role), "ray.token", "passwords.json", "secrets.env", "postgres/password",
        "postgres/data/base/1", "valkey/password", "valkey/data/dump.rdb", "run/api.json",
    ]  # fmt: skip
    in_a_home = [f"{folder}/{name}" for folder in ("data", "desk", "homes/of/mine") for name in home]
    secrets = [*home, *in_a_home, ".env", ".env.production", "desk.backup", "old/.desk.backup.draft", "tls/key.pem"]
    for path in secrets:
        assert ray.match_file(path), path
        assert git.match_file(path), path
    for path in (".venv/bin/python", ".git/config"):
        assert ray.match_file(path), path
    packages = {name.partition(".")[0] for name in SETTINGS["tool"]["setuptools"]["packages"]}
    sources = [path.relative_to(ROOT) for name in packages for path in (ROOT / name).rglob("*.py")]
    for path in (*sources, "pyproject.toml", "ray_cluster.yaml", ".env.example"):
        assert not ray.match_file(path), path
        assert not git.match_file(path), path
