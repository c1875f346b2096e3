"""The house rules that are tests: names, layout, versions, nothing dead."""

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
PACKAGES = SETTINGS["tool"]["setuptools"]["packages"]
MODULES = sorted(path for package in PACKAGES for path in (REPOSITORY / package.replace(".", "/")).glob("*.py"))
GENERIC = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "base", "core", "tools"}


def name_of(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_imported_from_this_repository(package):
    """Distributions called market, strategies or cluster exist elsewhere: ours must be the one that is found."""
    module = importlib.import_module(package)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().is_relative_to(REPOSITORY)


def test_packaging_lists_every_folder_of_python():
    folders = {
        name_of(path)
        for path in REPOSITORY.glob("*/**/__init__.py")
        if not path.relative_to(REPOSITORY).parts[0].startswith((".", "tests", "build"))
    }
    assert folders == set(PACKAGES)


def test_tests_are_no_packages():
    assert list((REPOSITORY / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_has_a_docstring_and_a_name_that_says_something(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "the first line of a module says what its one idea is"
    assert path.stem not in GENERIC


@pytest.mark.parametrize("path", [path for path in MODULES if "migrations" not in path.parts], ids=name_of)
def test_module_exports_only_what_exists(path):
    module = importlib.import_module(name_of(path))
    for name in getattr(module, "__all__", ()):
        assert hasattr(module, name)


def test_every_module_is_used_somewhere():
    """A module nobody imports is dead; commands, strategy types and migrations are discovered, processes started."""
    sources = "\n".join(path.read_text() for path in [*MODULES, *REPOSITORY.glob("benchmarks/*.py")])
    discovered = {
        "cluster.api.routes", "cluster.checkup", "cluster.commands", "strategies", "evolution.operators",
        "storage.migrations", "ui.pages",
    }  # fmt: skip
    for path in MODULES:
        name = name_of(path)
        package, _, stem = name.rpartition(".")
        if path.stem in {"__init__", "__main__"} or any(package.startswith(found) for found in discovered):
            continue
        used = re.search(rf"from {re.escape(name)} import|from {re.escape(package)} import [^\n]*\b{stem}\b", sources)
        entry = any(target.startswith(f"{name}:") for target in SETTINGS["project"]["scripts"].values())
        assert used or entry, f"{name} is imported nowhere"


def test_changelog_begins_with_the_present_version():
    versions = re.findall(r"^## (?:\[)?(\d+\.\d+\.\d+)", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == SETTINGS["project"]["version"]


def test_constraints_pin_names_and_versions_only():
    for line in (REPOSITORY / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+", line), line


def test_constraints_pin_everything_that_is_asked_for():
    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    pinned = {plain(line.partition("==")[0]) for line in (REPOSITORY / "constraints.txt").read_text().splitlines()}
    extras = SETTINGS["project"]["optional-dependencies"].values()
    wanted = [*SETTINGS["project"]["dependencies"], *(name for extra in extras for name in extra)]
    for requirement in [*wanted, *SETTINGS["build-system"]["requires"]]:
        match = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert match
        assert plain(match.group()) in pinned, requirement


def test_settings_that_are_read_stand_in_the_example_and_no_others():
    ours = {"EVOQ_DESK", "EVOQ_SERVICE"}  # marks that the desk puts on its own processes
    read = {
        node.value
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        and re.fullmatch(r"(?:EVOQ|DB|REDIS)_[A-Z_]*[A-Z]", node.value)
    }  # fmt: skip
    shown = re.findall(r"^#?([A-Z_]+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE)
    assert read - ours == set(shown)


def test_links_between_documents_lead_somewhere():
    for document in [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
