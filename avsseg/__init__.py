"""avsseg finds, pixel by pixel, what makes the sound in any video.

Example:
    from avsseg import load_model, segment_video

    model = load_model()
    for moment in segment_video("film.mp4", model, fps=2):
        print(float(moment.time), moment.score(), moment.mask.shape)
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avsseg.checkpoint import load_model as load_model
    from avsseg.prediction import Prediction as Prediction
    from avsseg.videos import segment_arrays as segment_arrays
    from avsseg.videos import segment_video as segment_video

__version__ = "0.1.0"

__all__ = ["Prediction", "__version__", "load_model", "segment_arrays", "segment_video"]

_HOMES = {
    "load_model": "avsseg.checkpoint",
    "segment_arrays": "avsseg.videos",
    "segment_video": "avsseg.videos",
    "Prediction": "avsseg.prediction",
}


def __getattr__(name: str) -> object:
    """A public name, imported when it is first asked for, as torch takes seconds to load."""
    if name not in _HOMES:
        raise AttributeError(f"module 'avsseg' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
