"""The source's own sound, carried into an output in step with its pictures."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import inf
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from avsseg.media.container import (
    MAX_FAILURES,
    as_fraction,
    best_audio,
    file_of,
    open_container,
)
from avsseg.media.encoders import Packet
from avsseg.media.probe import VideoInfo
from avsseg.media.watchdog import answering

# What players of a container are known to play; others would show a film without sound.
_MPEG = {"aac", "mp3", "ac3", "eac3", "alac"}
_PCM = {f"pcm_{kind}" for kind in ("s16le", "s16be", "s24le", "s24be", "s32le", "f32le", "f64le")}
_PLAYABLE = {
    "mp4": _MPEG | {"opus", "flac"},
    "mov": _MPEG | _PCM,
    "webm": {"opus", "vorbis"},
}
_REPLACEMENTS = {"webm": "libopus"}
_LONGEST_SILENCE = 600  # seconds; a longer gap is rather a torn timestamp, and stays a gap
_MONO_OR_STEREO = {1: "mono"}


def is_playable(codec: str, container: str) -> bool:
    """Whether players of a container (in libav's name) take sound of that codec as it is."""
    return codec in _PLAYABLE.get(container, {codec})


def replacement_for(container: str) -> str:
    """The encoder of the sound that players of a container take."""
    return _REPLACEMENTS.get(container, "aac")


def replacement_note(info: VideoInfo, codec: str, container: str) -> str:
    """What the user is told when the sound could not be copied."""
    name = replacement_for(container).removeprefix("lib")
    return (
        f"{info.path}: its {codec} sound was encoded anew as {name}, which {container} players take"
    )


class SoundCopy:
    """Moves the packets of one sound track, untouched where the container allows it.

    The source is read through a handle of its own, only as far as the pictures have come, so
    memory does not grow with the film. A codec that the container or its players do not take is
    encoded anew, once, and noted.

    Attributes:
        notes: remarks for the user.
    """

    def __init__(
        self,
        info: VideoInfo,
        output: OutputContainer,
        *,
        start: Fraction | None = None,
        end: Fraction | None = None,
        shift: Fraction = Fraction(0),
    ) -> None:
        self.notes: list[str] = []
        self._info, self._output = info, output
        self._start, self._end, self._shift = start, end, shift
        self._source = open_container(info.path)
        stream = best_audio(self._source, info.path, info.audio_track)
        assert stream is not None, "only films with sound have their sound copied"
        self._base = as_fraction(stream.time_base) or Fraction(1, stream.rate)
        self._last_dts: int | None = None
        self._convert = self._choose(stream)
        self._packets = self._wanted(stream)
        self._next = next(self._packets, None)

    def advance(self, until: Fraction | None) -> None:
        """Write what sounds up to ``until`` on the source's clock; None for all the rest."""
        while self._next is not None and (until is None or self._time(self._next) <= until):
            self._write(self._convert(self._next))
            self._next = next(self._packets, None)

    def finish(self) -> None:
        """Write the rest, to the last packet of the encoder if there is one."""
        self.advance(None)
        self._write(self._convert(None))

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _choose(self, stream: AudioStream) -> Callable[[Packet | None], list[Packet]]:
        container = _family(self._output)
        codec = stream.codec_context.codec.canonical_name
        if is_playable(codec, container):
            try:
                target = self._output.add_stream_from_template(stream)
            except ValueError:
                pass
            else:
                return lambda packet: self._copied(packet, target)
        encoder = replacement_for(container)
        self.notes.append(replacement_note(self._info, codec, container))
        return _Reencoder(stream, self._output, encoder, self._shift)

    def _copied(self, packet: Packet | None, target: Any) -> list[Packet]:
        if packet is None:
            return []
        delay = round(self._shift / self._base)
        packet.dts = _moved(packet.dts, delay)
        packet.pts = _moved(packet.pts, delay)
        if packet.dts is not None and self._last_dts is not None and packet.dts <= self._last_dts:
            return []  # a torn source; a muxer takes rising times only
        self._last_dts = packet.dts
        packet.stream = target
        return [packet]

    def _write(self, packets: list[Packet]) -> None:
        for packet in packets:
            self._output.mux(packet)

    def _wanted(self, stream: AudioStream) -> Iterator[Packet]:
        for packet in _packets(self._source, stream):
            time = self._time(packet)
            if self._end is not None and time >= self._end:
                return
            if self._start is None or time >= self._start:
                yield packet

    def _time(self, packet: Packet) -> Fraction:
        ticks = packet.dts if packet.dts is not None else packet.pts
        return Fraction(0) if ticks is None else ticks * self._base


class _Reencoder:
    """Decodes packets and encodes them anew; gaps are filled with silence.

    A change of rate or channels in the middle is followed; what the encoder does not take, such
    as samples that are no numbers, is left out.
    """

    def __init__(
        self, stream: AudioStream, output: OutputContainer, encoder: str, shift: Fraction
    ) -> None:
        codec = av.Codec(encoder, "w")
        rates = codec.audio_rates
        rate = stream.rate if not rates or stream.rate in rates else 48000
        self._source, self._shift = stream, shift
        self._file = file_of(stream.container)
        self._target: Any = output.add_stream(encoder, rate=rate)
        context: Any = self._target.codec_context
        context.layout = _MONO_OR_STEREO.get(stream.codec_context.channels, "stereo")
        context.format = (codec.audio_formats or [stream.format])[0]
        context.bit_rate = 96_000 * context.layout.nb_channels
        context.time_base = Fraction(1, rate)
        context.open()
        self._graph: av.filter.Graph | None = None
        self._kind: tuple[int, str, str] | None = None
        self._end: float = -inf
        self._heard = Fraction(0)

    def __call__(self, packet: Packet | None) -> list[Packet]:
        """Packets of the new codec that are ready; None asks for the last ones."""
        try:
            with answering(self._file):
                frames: list[Any] = list(self._source.decode(packet))
        except av.FFmpegError:
            frames = []
        packets: list[Packet] = []
        for frame in [*frames, None] if packet is None else frames:
            for piece in self._resampled(frame):
                packets += self._encoded(piece)
        return packets + (self._encoded(None) if packet is None else [])

    def _encoded(self, piece: Any) -> list[Packet]:
        if piece is not None and piece.pts is not None:
            if piece.pts + piece.samples <= self._end:
                return []  # a torn source; a muxer takes rising times only
            piece.pts = max(piece.pts, self._end)
            self._end = piece.pts + piece.samples
        try:
            return list(self._target.encode(piece))
        except av.error.ArgumentError:
            return []

    def _resampled(self, frame: Any) -> Iterator[Any]:
        if frame is not None:
            # The last frames of a torn stream may come without a clock.
            frame.time_base = frame.time_base or self._source.time_base
            frame.pts = _moved(frame.pts, round(self._shift / Fraction(frame.time_base)))
            if self._begins_anew(frame):
                yield from self._drained()
                self._graph = self._build(frame)
        if self._graph is not None:
            self._graph.push(frame)
            yield from self._ready()

    def _begins_anew(self, frame: Any) -> bool:
        """Whether it is of another kind than the last, or so much later that no silence is made."""
        kind = frame.sample_rate, frame.format.name, frame.layout.name
        begin = self._heard if frame.pts is None else frame.pts * Fraction(frame.time_base)
        far = abs(begin - self._heard) > _LONGEST_SILENCE
        changed, self._kind = kind != self._kind, kind
        self._heard = begin + Fraction(frame.samples, frame.sample_rate)
        return changed or far

    def _drained(self) -> Iterator[Any]:
        if self._graph is not None:
            self._graph.push(None)
            yield from self._ready()

    def _ready(self) -> Iterator[Any]:
        assert self._graph is not None
        while True:
            try:
                yield self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    def _build(self, frame: Any) -> av.filter.Graph:
        context: Any = self._target.codec_context
        graph = av.filter.Graph()
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=frame.time_base,
        )
        kind = (
            f"sample_fmts={context.format.name}:sample_rates={context.sample_rate}"
            f":channel_layouts={context.layout.name}"
        )
        steps = [graph.add("aresample", "async=1"), graph.add("aformat", kind)]
        if context.frame_size:
            steps.append(graph.add("asetnsamples", f"n={context.frame_size}:p=0"))
        for step in [*steps, graph.add("abuffersink")]:
            source.link_to(step)
            source = step
        graph.configure()
        return graph


def _packets(source: InputContainer, stream: AudioStream) -> Iterator[Packet]:
    """Packets with content; torn stretches are skipped."""
    failures, packets = 0, source.demux(stream)
    while failures < MAX_FAILURES:
        try:
            with answering(file_of(source)):
                packet = next(packets, None)
        except IndexError:  # PyAV at the end of a file in which a stream began half way
            return
        except av.FFmpegError:
            failures, packets = failures + 1, source.demux(stream)
            continue
        if packet is None:
            return
        failures = 0
        if packet.size and (packet.dts is not None or packet.pts is not None):
            yield packet


def _moved(ticks: int | None, delay: int) -> int | None:
    return None if ticks is None else ticks - delay


def _family(output: OutputContainer) -> str:
    return "mp4" if output.format.name in ("mp4", "ipod") else output.format.name
