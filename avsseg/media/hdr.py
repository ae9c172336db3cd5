"""High dynamic range pictures brought to BT.709, through one colour cube made here.

PQ and HLG follow ITU-R BT.2100; 203 cd/m2, the diffuse white of ITU-R BT.2408, counts as one.
What is darker than 30 % of it keeps its light exactly; what is brighter bends smoothly up to
1000 cd/m2, which becomes the brightest white.
"""

from fractions import Fraction
from functools import lru_cache

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from avsseg.media.planes import carry_labels

Values = NDArray[np.float64]

BT709_TAG, LIMITED_TAG, FULL_TAG, RGB_TAG, PQ_TAG = 1, 1, 2, 0, 16
WHITE_NITS, PEAK_NITS, KNEE = 203.0, 1000.0, 0.3
BEAT = Fraction(1, 10)  # the filter's own clock; frames keep theirs
LEVEL = 8  # the cube has 8 * 8 = 64 nodes a side
BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)
BT2020_LUMA = np.array([0.2627, 0.6780, 0.0593])


def pq_light(code: Values) -> Values:
    """Display light in cd/m2 of PQ code values in [0, 1] (BT.2100 table 4)."""
    root = np.power(code, 1 / 78.84375)
    ratio = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return np.asarray(10000 * np.power(ratio, 1 / 0.1593017578125))


def hlg_light(code: Values) -> Values:
    """Display light in cd/m2 of HLG pixels on a 1000 cd/m2 screen (BT.2100 table 5).

    Shapes:
        code (..., 3) BT.2020 RGB in [0, 1] -> (..., 3)
    """
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    luma = scene @ BT2020_LUMA
    return np.asarray(PEAK_NITS * np.power(luma, 0.2)[..., None] * scene)


def tone(light: Values) -> Values:
    """Light in units of diffuse white bent into [0, 1]: straight up to the knee, then a bow."""
    peak = PEAK_NITS / WHITE_NITS
    a = -(KNEE**2) * (peak - 1) / (KNEE**2 - 2 * KNEE + peak)
    b = (KNEE**2 - 2 * KNEE * peak + peak) / (peak - 1)
    scale = (b * b + 2 * b * KNEE + KNEE * KNEE) / (b - a)
    bowed = scale * (light + a) / (light + b)
    return np.clip(np.where(light <= KNEE, light, bowed), 0, 1)


def to_bt709(code: Values, transfer: int) -> Values:
    """BT.709 code values of BT.2020 pixels in PQ or HLG; hue is kept where tone is bent.

    Shapes:
        code (..., 3) RGB in [0, 1] -> (..., 3) RGB in [0, 1]
    """
    nits = pq_light(code) if transfer == PQ_TAG else hlg_light(code)
    light = np.maximum(nits / WHITE_NITS @ BT2020_TO_BT709.T, 0)
    brightest = np.maximum(light.max(axis=-1, keepdims=True), 1e-9)
    return np.asarray(np.power(np.clip(light * (tone(brightest) / brightest), 0, 1), 1 / 2.4))


@lru_cache(maxsize=2)
def _cube(transfer: int) -> NDArray[np.uint16]:
    """The mapping as a Hald picture, red running fastest."""
    axis = np.linspace(0, 1, LEVEL**2)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    mapped = to_bt709(np.stack([red, green, blue], axis=-1), transfer)
    return (mapped * 65535).round().astype(np.uint16).reshape(LEVEL**3, LEVEL**3, 3)


class SdrMapper:
    """Maps the frames of one HDR stream; its filter is built at the first frame of each size."""

    def __init__(self) -> None:
        self._filter: _CubeFilter | None = None
        self._key: tuple[int, int, int] | None = None

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The frame as limited range BT.709 yuv420p, tagged so, its timestamps kept."""
        key = (frame.width, frame.height, int(frame.color_trc))
        if self._filter is None or key != self._key:
            self._filter, self._key = _CubeFilter(*key), key
        rgb = frame.reformat(
            format="gbrp16le",
            src_colorspace=Colorspace.BT2020,
            src_color_range=frame.color_range or LIMITED_TAG,
            dst_color_range=ColorRange.JPEG,
            threads=1,
        )
        mapped = self._filter(rgb)
        mapped.colorspace, mapped.color_range = RGB_TAG, FULL_TAG
        result = mapped.reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        carry_labels(frame, result)
        result.colorspace, result.color_range = BT709_TAG, LIMITED_TAG
        result.color_trc = result.color_primaries = BT709_TAG
        return result


class _CubeFilter:
    """FFmpeg's haldclut with our cube: sends each RGB frame of one size through it."""

    def __init__(self, width: int, height: int, transfer: int) -> None:
        cube = av.VideoFrame.from_ndarray(_cube(transfer), format="rgb48le")
        cube = cube.reformat(format="gbrp16le", threads=1)
        cube.pts, cube.time_base = 0, BEAT
        graph = av.filter.Graph()
        kind = cube.format
        self._input = graph.add_buffer(width=width, height=height, format=kind, time_base=BEAT)
        cubes = graph.add_buffer(width=cube.width, height=cube.height, format=kind, time_base=BEAT)
        hald, self._output = graph.add("haldclut", clut="first"), graph.add("buffersink")
        self._input.link_to(hald, 0, 0)
        cubes.link_to(hald, 0, 1)
        hald.link_to(self._output)
        graph.configure()
        cubes.push(cube)
        cubes.push(None)
        self._graph, self._num_frames = graph, 0

    def __call__(self, rgb: av.VideoFrame) -> av.VideoFrame:
        rgb.pts, rgb.time_base = self._num_frames, BEAT
        self._num_frames += 1
        self._input.push(rgb)
        mapped = self._output.pull()
        assert isinstance(mapped, av.VideoFrame)
        return mapped
