"""Figures as they are printed, and which of them are beyond their bounds."""

from __future__ import annotations

from benchmarks.serving.servers import Load

FAILED: list[str] = []


def ratios(name: str, found: Load, empty: Load, most: float, least: float | None) -> None:
    """Report what a load costs and brings, as ratios to the empty endpoint's."""
    print(f"  {name:<28} {told(found)}")
    report(f"  CPU of {name} (× empty)", found.cpu / empty.cpu, most=most)
    if least is not None:
        report(f"  requests/s of {name} (× empty)", found.rate / empty.rate, least=least)


def told(found: Load) -> str:
    """Return a load in words."""
    return f"{found.cpu * 1e6:6.0f} µs CPU, {found.rate:7.0f}/s, p99 {found.p99 * 1e3:.2f} ms"


def report(
    name: str, value: float, *, most: float | None = None, least: float | None = None
) -> None:
    """Print a figure beside its bound, and note it if it is beyond."""
    bound = f"at most {most:g}" if most is not None else f"at least {least:g}"
    beyond = (most is not None and value > most) or (least is not None and value < least)
    line = f"{name}: {value:.3g} ({bound})"
    print(f"    {line}{'  <<<' if beyond else ''}", flush=True)
    if beyond:
        FAILED.append(line.strip())
