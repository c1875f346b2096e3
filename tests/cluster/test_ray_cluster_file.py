"""The cluster file for Ray's launcher: valid by Ray's own schema, and as closed as a private Ray."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pathspec import GitIgnoreSpec
from ray.autoscaler._private.util import prepare_config, validate_config

ROOT = Path(__file__).resolve().parent.parent.parent


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
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.match(r"[\w.-]+", dependency).group() for dependency in project["dependencies"]}
    (install,) = [command for command in written["setup_commands"] if "pip install" in command]
    assert wanted <= set(re.findall(r"[\w.-]+", install))


def test_job_submission_ships_the_code_and_no_secret():
    lines = [(ROOT / name).read_text().splitlines() for name in (".gitignore", ".rayignore")]
    ignored = GitIgnoreSpec.from_lines([line for file in lines for line in file])
    for path in ("data/ray.token", "data/secrets.env", ".env", ".venv/bin/python", ".git/config"):
        assert ignored.match_file(path), path
    for path in ("evolution/runner.py", "cluster/ray_worker.py", "pyproject.toml", "ray_cluster.yaml"):
        assert not ignored.match_file(path), path
