"""The folder of a run: what lies where in it, and a name that is never taken twice."""

import re
from itertools import count
from pathlib import Path

from avsseg.errors import ConfigError, MediaError


class RunDirectory:
    """The files of one run.

    ``config.toml`` the settings in full; ``metrics.csv``, ``curves.png`` and ``log.txt`` its
    course; ``panels/`` pictures; ``tensorboard/`` where that is installed; ``best.safetensors``
    the weights that validated best; ``last/state.pt`` all that a resumption needs and
    ``last/model.safetensors`` the weights at that moment.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.toml"
        self.metrics = path / "metrics.csv"
        self.curves = path / "curves.png"
        self.log = path / "log.txt"
        self.panels = path / "panels"
        self.tensorboard = path / "tensorboard"
        self.best = path / "best.safetensors"
        self.state = path / "last" / "state.pt"
        self.last = path / "last" / "model.safetensors"

    @classmethod
    def create(cls, root: Path, name: str) -> "RunDirectory":
        """Makes ``root/name``, or the first of ``name-2``, ``name-3``, .. that is free.

        Raises:
            MediaError: the folder cannot be made.
        """
        for number in count(1):
            path = root / (name if number == 1 else f"{name}-{number}")
            try:
                path.mkdir(parents=True)
                break
            except FileExistsError:
                if not path.is_dir():
                    raise MediaError(f"{path}: is a file where a run's folder is needed.") from None
            except OSError as error:
                raise MediaError(f"{path}: cannot be made: {error.strerror}.") from error
        run = cls(path)
        run.panels.mkdir()
        run.state.parent.mkdir()
        return run

    @classmethod
    def latest(cls, root: Path, name: str) -> "RunDirectory":
        """The newest run of that name that has a state to resume.

        Raises:
            ConfigError: there is none.
        """
        pattern = re.compile(re.escape(name) + r"(?:-(\d+))?")
        matches = ((pattern.fullmatch(p.name), p) for p in root.glob(f"{name}*"))
        runs = [(int(m[1] or 1), cls(p)) for m, p in matches if m]
        runs = [(number, run) for number, run in runs if run.state.is_file()]
        if not runs:
            raise ConfigError(f"{root}: no run called {name} has a last/ to resume; start it anew.")
        return max(runs, key=lambda found: found[0])[1]

    @classmethod
    def existing(cls, path: Path) -> "RunDirectory":
        """The run of a folder, or of a file in it or in its ``last/``.

        Raises:
            ConfigError: there is nothing to resume.
        """
        for folder in (path, path.parent, path.parent.parent):
            run = cls(folder)
            if run.state.is_file() and run.config.is_file():
                return run
        raise ConfigError(f"{path}: is no run with a last/state.pt to resume.")
