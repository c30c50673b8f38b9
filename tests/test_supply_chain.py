"""The packages that this one depends on: minimum versions, the versions that were tested, known vulnerabilities."""

import importlib.metadata
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
OWN = "kerasnlp-zoo"


def declared():
    """All requirements of pyproject.toml on other packages, as (extra, requirement)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    pairs = [(extra, Requirement(line)) for extra, lines in groups.items() for line in lines]
    return [(extra, requirement) for extra, requirement in pairs if requirement.name != OWN]


def locked():
    """Version by name of every package in the lock."""
    lines = (ROOT / "tests" / "lock.txt").read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def needed(name, extras=(), known=None):
    """Names of the installed packages that a package needs, directly or not, itself included."""
    known = set() if known is None else known
    known.add(canonicalize_name(name))
    for line in importlib.metadata.requires(name) or []:
        requirement = Requirement(line)
        is_wanted = requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras)
        )
        if is_wanted and canonicalize_name(requirement.name) not in known:
            needed(requirement.name, tuple(requirement.extras), known)
    return known


def test_every_dependency_has_a_minimum_version_and_a_reason():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for extra, requirement in declared():
        has_minimum = any(specifier.operator in (">=", "==") for specifier in requirement.specifier)
        assert has_minimum or extra == "gpu", requirement  # tensorflow[and-cuda] is tensorflow's own extra
        line = next(line for line in text.splitlines() if line.strip().startswith(f'"{requirement.name}'))
        assert "#" in line.split('",')[1], line


def test_the_lock_satisfies_every_minimum_version():
    versions = locked()
    for extra, requirement in declared():
        if extra not in ("peers", "gpu", "entries"):
            assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


def test_the_lock_contains_everything_that_the_tests_install():
    assert needed(OWN, ("test", "beam", "docs", "hub", "litert", "onnx", "pandas", "recipes", "serve", "tune")) - {
        OWN
    } <= set(locked())


@pytest.mark.slow
def test_nothing_that_is_installed_has_a_known_vulnerability():
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--format", "json", "--skip-editable"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except json.JSONDecodeError:
        pytest.skip(f"The data of known vulnerabilities cannot be reached: {done.stderr.strip()[-200:]}")
    audited = [package for package in packages if "skip_reason" not in package]
    if not audited:
        pytest.skip("The package index has no data of known vulnerabilities")
    found = {package["name"]: [each["id"] for each in package["vulns"]] for package in audited if package["vulns"]}
    assert not found
