"""Input made to do harm: it is refused in one line, or costs no more than any other."""

import json
import os
import socket
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from avsseg.cli.console import printable
from avsseg.errors import MediaError
from avsseg.inputs import plan_jobs
from avsseg.media.probe import probe
from avsseg.media.publish import publish_file, publish_folder, remove_leftovers
from avsseg.media.reader import open_video
from avsseg.media.recording import read_recording
from avsseg.media.sampling import SampleSpec
from avsseg.media.sound import measure_sound
from avsseg.run_record import MANIFEST, finished_outputs

SPEC = SampleSpec(fps=Fraction(1), size=(32, 32), window=1600)
needs_links = pytest.mark.skipif(os.name != "posix", reason="links and names as POSIX has them")


@pytest.fixture
def listener():
    """A server's door; whoever knocks is noticed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def was_called(server):
    try:
        server.accept()
    except TimeoutError:
        return False
    return True


LISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{url}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{url}'\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
    "<Period><AdaptationSet><Representation><BaseURL>{url}</BaseURL></Representation>"
    "</AdaptationSet></Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nu={url}\n"
    "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "imf": '<?xml version="1.0"?><AssetMap><Path>{url}</Path></AssetMap>',
}


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("suffix", ["mp4", "m3u8", "mpd"])
def test_lists_of_other_files_open_none_of_them(kind, suffix, listener, tmp_path):
    """Neither the network nor another file is asked, whatever the list is called."""
    port = listener.getsockname()[1]
    path = tmp_path / f"film.{suffix}"
    path.write_text(LISTS[kind].format(url=f"http://127.0.0.1:{port}/secret.ts"))

    for read in (probe, measure_sound, read_recording):
        with pytest.raises(MediaError, match="not a video file"):
            read(path)
    assert not was_called(listener)


@pytest.mark.parametrize("name", ["http://127.0.0.1:{}/a.mp4", "tcp://127.0.0.1:{}", "concat:a|b"])
def test_a_path_is_never_taken_for_an_address(name, listener):
    """What looks like a protocol is the name of a file, which is not there."""
    with pytest.raises(MediaError, match="no such file"):
        probe(name.format(listener.getsockname()[1]))
    assert not was_called(listener)


def test_an_mp4_that_points_to_other_media_reads_nothing_of_it(make_film):
    """A data reference that says 'not in this file' gives no access to another."""
    film = make_film("film.mp4", sounds=(), seconds=1)
    other = make_film("secret.mp4", sounds=(), seconds=1)
    data = film.read_bytes()
    inside = b"url \x00\x00\x00\x01"
    assert data.count(inside) == 1
    film.write_bytes(data.replace(inside, b"url \x00\x00\x00\x00"))
    before = other.stat().st_atime_ns

    try:
        with open_video(film) as reader:
            assert reader.info.path == film
    except MediaError as error:
        assert "\n" not in str(error)
    assert other.stat().st_atime_ns == before


def test_a_film_that_claims_to_last_for_weeks_is_looked_at_for_minutes(make_film):
    """One picture with a far timestamp costs what ten minutes of a still picture cost."""
    weeks = Fraction(30 * 24 * 3600)
    film = make_film("film.mkv", times=[Fraction(0), Fraction(1), weeks], sounds=())
    with open_video(film) as reader:
        moments = sum(clip.num_valid for clip in reader.clips(SPEC))

    assert moments <= 2 * 600 + 2


def test_sound_that_jumps_far_ahead_costs_no_memory(make_film):
    """Loudness is kept for what sounds, not for the gap."""
    day = Fraction(24 * 3600)
    film = make_film("film.mkv", sounds=({"start": day, "seconds": Fraction(2)},))

    assert len(measure_sound(film).levels) < 100


def test_hundreds_of_streams_are_listed_and_one_is_heard(tmp_path):
    """A file full of tracks is a file with tracks."""
    path = tmp_path / "many.mov"
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sounds = [out.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(300)]
        for number in range(10):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([128]) * plane.buffer_size)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for sound in sounds:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 80), np.int16), layout="mono")
            silence.sample_rate, silence.pts, silence.time_base = 8000, 0, Fraction(1, 8000)
            out.mux(sound.encode(silence))
    with open_video(path) as reader:
        assert len(reader.info.audio_tracks) == 300
        assert sum(1 for _ in reader.frames()) == 10


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data


def test_thousands_of_streams_are_one_line(tmp_path):
    """A header that lists more tracks than any film has is refused as a whole."""
    header = struct.pack("<4s2I2H8I4H", b"auds", 1, *[0] * 4, 1, 8000, *[0] * 9)
    kind = struct.pack("<2H2I3H", 1, 1, 8000, 8000, 1, 8, 0)
    track = chunk(b"strh", header) + chunk(b"strf", kind)
    streams = chunk(b"LIST", b"strl" + track) * 5000
    main = chunk(b"avih", struct.pack("<14I", 100_000, *[0] * 5, 5000, 0, 64, 48, *[0] * 4))
    body = chunk(b"LIST", b"hdrl" + main + streams) + chunk(b"LIST", b"movi")
    (tmp_path / "film.avi").write_bytes(chunk(b"RIFF", b"AVI " + body))

    with pytest.raises(MediaError, match="not a video file"):
        probe(tmp_path / "film.avi")


@needs_links
@pytest.mark.parametrize("name", ["film%03d.mp4", "a:b|c?d#e*.mp4", "[x]{y}$z.mp4", "-i.mp4"])
def test_a_name_is_neither_a_pattern_nor_an_option(name, make_film, tmp_path, monkeypatch):
    """What the media library could take for more is the name of one file."""
    make_film(name, seconds=1)
    make_film("film001.mp4", seconds=2)
    monkeypatch.chdir(tmp_path)
    with open_video(name) as reader:
        assert sum(1 for _ in reader.frames()) == 10


@pytest.mark.parametrize("name", ["...mp4", "..mp4", "....mp4", ".mp4", "-o.mp4", "a\nb.mp4"])
def test_no_name_leads_out_of_the_output_folder(name, tmp_path, monkeypatch):
    """Every video has a folder of its own below it, also one called dot dot."""
    (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "out"
    (job,) = plan_jobs([f"./{name}"], output)

    assert job.folder.resolve().parent == output.resolve()


@needs_links
def test_links_that_go_in_circles_end(tmp_path):
    """Each video is found once for each way that does not pass through itself."""
    for name in ("a", "b"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "round").symlink_to(tmp_path / "in")
    (tmp_path / "in/a/film.mp4").touch()

    assert len(plan_jobs([str(tmp_path / "in")], tmp_path / "out")) == 1


@needs_links
def test_a_link_in_the_output_folder_is_replaced_and_not_followed(tmp_path):
    """What a planted link points to stays as it was."""
    outside = tmp_path / "outside.csv"
    outside.write_text("mine")
    target = tmp_path / "frames.csv"
    target.symlink_to(outside)
    with publish_file(target, overwrite=True) as file:
        file.write_text("new")

    assert outside.read_text() == "mine"
    assert not target.is_symlink()
    assert target.read_text() == "new"


@needs_links
def test_a_linked_folder_is_replaced_and_not_emptied(tmp_path):
    """Neither its pictures nor the link's remains are touched or left."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine.png").write_bytes(b"mine")
    target = tmp_path / "out/masks"
    target.parent.mkdir()
    target.symlink_to(outside)
    with publish_folder(target, overwrite=True) as folder:
        (folder / "000000.png").write_bytes(b"new")

    assert (outside / "mine.png").read_bytes() == b"mine"
    assert [p.name for p in target.iterdir()] == ["000000.png"]
    assert [p.name for p in target.parent.iterdir()] == ["masks"]


@needs_links
def test_leftovers_that_are_links_are_unlinked_and_nothing_more(tmp_path):
    """Tidying up never goes through a link."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").touch()
    folder = tmp_path / "out"
    folder.mkdir()
    link = folder / f".avsseg-{socket.gethostname().replace('-', '_')[:32]}-999999999-x"
    link.symlink_to(outside)

    assert remove_leftovers(folder) == [link]
    assert not link.is_symlink()
    assert (outside / "mine").exists()


@pytest.mark.parametrize("name", ["../../secret", "/etc/hostname", "a/b", ".."])
def test_a_manifest_cannot_name_files_elsewhere(name, tmp_path):
    """A record that was tampered with is as good as none."""
    report = {"facts": {"fingerprint": "f"}, "outputs": {"csv": name}}
    (tmp_path / MANIFEST).write_text(json.dumps({"files": [report]}))

    assert finished_outputs(tmp_path, "f") is None


def test_a_manifest_nested_without_end_is_no_manifest(tmp_path):
    """The parser's own limits end in nothing worse than work done again."""
    (tmp_path / MANIFEST).write_text("[" * 100_000)

    assert finished_outputs(tmp_path, "f") is None


@pytest.mark.parametrize("name", ["a\nerror: all lost", "\x1b[2Jclear", "\r  0 done", "\udcff"])
def test_names_neither_begin_lines_nor_command_the_terminal(name):
    """In messages, control characters and broken encodings are spelled out."""
    shown = printable(f"{name}.mp4: no such file")

    assert shown.isprintable()
    assert shown.encode("utf-8")
    assert shown.endswith(".mp4: no such file")


@needs_links
def test_a_name_with_a_newline_is_one_line_of_complaint(tmp_path):
    """From the command's own mouth."""
    from typer.testing import CliRunner

    from avsseg.cli.app import app

    path = Path(tmp_path) / "a\nb\x1b[31m.mp4"
    path.write_text("no film")
    result = CliRunner().invoke(app, ["info", str(path)])

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "\x1b[31m" not in result.stderr
