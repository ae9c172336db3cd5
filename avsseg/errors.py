"""Errors that a user can mend; each message names the object, what is wrong and the remedy."""

_BREAKS = {ord(c): repr(c)[1:-1] for c in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"}


class AvssegError(Exception):
    """Base of every error that ends a command with one line instead of a traceback.

    Line breaks in it, which names from outside may bring along, are spelled out.
    """

    exit_code = 1

    def __str__(self) -> str:
        return super().__str__().translate(_BREAKS)


class UsageError(AvssegError):
    """The request itself cannot be carried out here (an absent device, a clash of options)."""

    exit_code = 2


class MediaError(AvssegError):
    """A video, sound or picture file cannot be read or written."""


class CheckpointError(AvssegError):
    """A weight file is missing, damaged, of another model or not to be trusted."""


class ConfigError(AvssegError):
    """A configuration names an unknown field or holds a value out of range."""


class DataError(AvssegError):
    """A dataset or bank on disk is not laid out as it must be."""


class TrainingError(AvssegError):
    """A training run cannot go on as it is set."""
