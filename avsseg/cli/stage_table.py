"""Shows where the time of a run went."""

from avsseg.stage_timer import NETWORK, RunTimes, StageTime


def stage_lines(times: RunTimes) -> list[str]:
    """A line for each stage, and one for the whole run against its floor."""
    lines = [f"{'stage':<16}{'worked s':>10}{'own CPU s':>11}{'waited s':>10}"]
    lines += [_line(name, stage) for name, stage in times.stages.items()]
    ratio = times.wall / times.floor if times.floor else 1.0
    lines.append(
        f"whole run {times.wall:.2f} s, {times.cpu:.2f} CPU-seconds on {times.cores} cores; "
        f"floor {times.floor:.2f} s, {ratio:.2f} times that"
    )
    return lines


def _line(name: str, stage: StageTime) -> str:
    label = {"network": "network, rest"}.get(name, name)
    label = f"  {label}" if name in NETWORK else label
    return f"{label:<16}{stage.busy:>10.2f}{stage.cpu:>11.2f}{stage.wait:>10.2f}"
