"""Arrows between packages that must never be (see docs/decisions)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"api", "benchmarks", "cloud", "deploy", "emulator", "export", "ingest", "pipeline", "tests"}
READS_REPORTS = ("ingest.columns", "ingest.dialect", "ingest.errors", "ingest.normalise")
MAY_IMPORT = {
    "cloud": set(),
    "ingest": {"cloud"},
    "export": {"cloud"},
    "api": {"cloud", "export.artifact", *READS_REPORTS},
    "emulator": set(),
    "deploy": {"export.artifact", "export.errors", "ingest"},
    "pipeline": {"cloud", "ingest", "export", "api.listener", "api.settings"},
}
ESTIMATORS = {"emulator": {"sklearn"}, "export": {"duckdb", "bqemulator"}}


def imports(package):
    """Yield each file of a package with each module that it imports."""
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path, node.module
                yield from ((path, f"{node.module}.{alias.name}") for alias in node.names)


def within(module, packages):
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_what_it_may(package):
    allowed = {package, *MAY_IMPORT[package]}
    foreign = {
        (str(path.relative_to(ROOT)), module)
        for path, module in imports(package)
        if module.split(".")[0] in OURS
        and not within(module, allowed)
        and not any(name.startswith(f"{module}.") for name in allowed)
    }

    assert not foreign


@pytest.mark.parametrize("package", sorted(ESTIMATORS))
def test_emulator_and_export_share_no_estimator(package):
    assert not [m for _, m in imports(package) if within(m, ESTIMATORS[package])]


def test_only_the_emulator_knows_bqemulator():
    others = set(MAY_IMPORT) - {"emulator"}

    assert not [m for package in others for _, m in imports(package) if within(m, {"bqemulator"})]


def test_every_package_is_judged():
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert found - {"benchmarks", "tests"} == set(MAY_IMPORT)
