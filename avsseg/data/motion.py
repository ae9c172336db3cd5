"""Where things stand from frame to frame: poses of objects and the path of the camera."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Centre and size in shares of the frame, and the turn in degrees."""

    x: float
    y: float
    width: float
    height: float
    angle: float


@dataclass(frozen=True, kw_only=True)
class Window:
    """The part of a picture that the camera sees, in shares of the picture."""

    left: float
    top: float
    width: float
    height: float


def object_path(
    pose: Pose, rng: np.random.Generator, *, num_frames: int, moving: bool
) -> list[Pose]:
    """A path that starts at ``pose``: steady drift, growth and turn, or hardly a tremor."""
    strength = 1.0 if moving else 0.05
    step_x, step_y = rng.normal(0, 0.04 * strength, 2)
    growth = float(np.exp(rng.normal(0, 0.06 * strength)))
    turn = rng.normal(0, 2.5 * strength)
    path = [pose]
    for _ in range(num_frames - 1):
        last = path[-1]
        path.append(
            Pose(
                x=last.x + step_x + rng.normal(0, 0.008 * strength),
                y=last.y + step_y + rng.normal(0, 0.008 * strength),
                width=last.width * growth,
                height=last.height * growth,
                angle=last.angle + turn,
            )
        )
    return path


def camera_path(
    window: Window, rng: np.random.Generator, *, num_frames: int, panning: bool
) -> list[Window]:
    """A path that starts at ``window``, pans and zooms, and never leaves the picture."""
    strength = 1.0 if panning else 0.02
    slide_x, slide_y = rng.normal(0, 0.05 * strength, 2)
    zoom = float(np.exp(rng.normal(0, 0.05 * strength)))
    path = [window]
    for _ in range(num_frames - 1):
        last = path[-1]
        width, height = min(1.0, last.width * zoom), min(1.0, last.height * zoom)
        path.append(
            Window(
                left=float(np.clip(last.left + slide_x * width, 0, 1 - width)),
                top=float(np.clip(last.top + slide_y * height, 0, 1 - height)),
                width=width,
                height=height,
            )
        )
    return path


def seen_through(pose: Pose, start: Window, now: Window) -> Pose:
    """A pose fixed in the scene as the camera sees it after moving from ``start`` to ``now``."""
    return replace(
        pose,
        x=(pose.x * start.width + start.left - now.left) / now.width,
        y=(pose.y * start.height + start.top - now.top) / now.height,
        width=pose.width * start.width / now.width,
        height=pose.height * start.height / now.height,
    )
