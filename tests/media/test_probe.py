from fractions import Fraction

import numpy as np
import pytest

from avsseg.errors import MediaError
from avsseg.media.probe import probe


def test_facts_of_a_plain_film(make_film):
    """Geometry, rate, start, duration and sound come from the file itself."""
    info = probe(make_film("film.mp4", sounds=[{"codec": "aac", "rate": 48000}]))

    assert info.size == (64, 48)
    assert (info.rate, info.start, info.duration) == (10, 0, 2)
    assert (info.codec, info.pix_fmt) == ("h264", "yuv420p")
    assert info.has_audio
    assert info.audio_tracks[0].rate == 48000
    assert not info.has_alpha
    assert info.colour.hdr is None


def test_fractional_rates_are_exact(make_film):
    """24000/1001 stays a fraction."""
    assert probe(make_film("film.mp4", rate=Fraction(24000, 1001))).rate == Fraction(24000, 1001)


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4"])
def test_the_first_timestamp_is_the_start(make_film, name):
    """A film that begins at 5 s says so, and its duration counts from there."""
    info = probe(make_film(name, start=Fraction(5), sounds=()))

    assert info.start == 5
    assert info.duration == 2


@pytest.mark.parametrize(("rotation", "size"), [(90, (48, 64)), (180, (64, 48)), (270, (48, 64))])
def test_a_rotated_film_has_the_size_it_is_shown_at(make_film, rotation, size):
    """Width and height change places with a quarter turn."""
    info = probe(make_film("film.mp4", rotation=rotation, seconds=1))

    assert info.size == size
    assert info.orientation.rotation == rotation


def test_pixel_shape_is_stated_and_turns_with_the_picture(make_film):
    """Anamorphic pixels are told, not applied; upright pixels turn their shape too."""
    wide = probe(make_film("wide.mp4", sar=Fraction(4, 3), seconds=1))
    tall = probe(make_film("tall.mp4", sar=Fraction(4, 3), rotation=90, seconds=1))

    assert (wide.size, wide.sample_aspect_ratio) == ((64, 48), Fraction(4, 3))
    assert wide.display_size == (85, 48)
    assert (tall.size, tall.sample_aspect_ratio) == ((48, 64), Fraction(3, 4))


def test_tags_of_colour_are_read(make_film):
    """Matrix, range, transfer and primaries come as FFmpeg numbers them; PQ counts as HDR."""
    tags = {"colorspace": 9, "color_range": 1, "color_trc": 16, "color_primaries": 9}
    info = probe(make_film(pix_fmt="yuv420p10le", seconds=1, **tags))

    colour = info.colour
    assert (colour.matrix, colour.range, colour.transfer, colour.primaries) == (9, 1, 16, 9)
    assert colour.hdr == "PQ"


def test_transparency_is_noticed(make_film):
    """VP9 keeps alpha beside the stream that is decoded, and says so in the file."""
    film = make_film(
        "film.webm", codec="libvpx-vp9", codec_options={}, pix_fmt="yuva420p", sounds=(), seconds=1
    )

    assert probe(film).has_alpha
    assert probe(make_film(codec="ffv1", codec_options={}, pix_fmt="bgra", sounds=())).has_alpha


def test_tracks_are_listed_and_the_choice_is_by_number(make_film):
    """Every sound track has a number, a language and its stream; the first is the default."""
    sounds = [{"language": "eng"}, {"language": "deu", "rate": 8000}]
    film = make_film(sounds=sounds, audio_first=True)

    assert [t.language for t in probe(film).audio_tracks] == ["eng", "deu"]
    assert [t.stream_index for t in probe(film).audio_tracks] == [0, 1]
    assert probe(film).audio_track == 0
    assert probe(film, audio_track=1).audio_track == 1


@pytest.mark.parametrize("track", [1, -1])
def test_a_track_that_is_not_there_is_one_clear_line(make_film, track):
    """The message names the file, the number asked for and how many there are."""
    film = make_film(seconds=1)

    with pytest.raises(MediaError, match=f"film.mkv: there is no audio track {track}; it has 1"):
        probe(film, audio_track=track)


def test_asking_for_a_track_of_a_silent_film_says_there_is_none(make_film):
    """A film without sound has no track 0."""
    with pytest.raises(MediaError, match="no audio track 0; it has none"):
        probe(make_film(sounds=(), seconds=1), audio_track=0)


def test_missing_sound_is_said_not_refused(make_film):
    """Whether a silent film is an error is decided elsewhere."""
    info = probe(make_film(sounds=(), seconds=1))

    assert not info.has_audio
    assert info.audio_tracks == ()


def test_the_format_is_found_by_content(make_film):
    """A Matroska file named .mp4 is read as what it is."""
    film = make_film("film.mkv", seconds=1)
    lie = film.rename(film.with_name("lie.mp4"))

    assert "matroska" in probe(lie).container


def test_names_may_hold_any_characters(make_film):
    """Spaces, other alphabets, colons, percent signs and leading dashes are only names."""
    for name in ("-dash.mkv", "köln 東京 %03d.mkv", "concat:a|b.mkv", "a'b\"c.mkv"):
        assert probe(make_film(name, seconds=1)).size == (64, 48)


def test_a_relative_path_that_begins_with_a_dash_is_a_file(make_film, monkeypatch):
    """A bare name is never taken for an option or a protocol."""
    film = make_film("-i.mkv", seconds=1)
    monkeypatch.chdir(film.parent)

    assert probe("-i.mkv").size == (64, 48)


@pytest.mark.parametrize("name", ["film.avi", "film.ts", "film.mov", "film.flv", "film.nut"])
def test_other_containers_are_read(make_film, name):
    """The list of allowed formats holds what people have."""
    sound = {"codec": "aac"} if name == "film.flv" else {"codec": "mp2"}
    film = make_film(name, seconds=1, sounds=[sound | {"rate": 44100}])

    assert probe(film).size == (64, 48)
    assert probe(film).has_audio


def test_sound_without_picture_is_no_video(make_film):
    """A sound file is refused by its lack of a video stream."""
    with pytest.raises(MediaError, match=r"song.mkv: it has no video stream"):
        probe(make_film("song.mkv", times=[]))


def test_a_cover_is_no_video(make_film):
    """A still attached to a song is not a film."""
    import av

    film = make_film("song.mka", times=[], format="matroska")
    cover = film.with_name("cover.mp4")
    with av.open(str(film)) as song, av.open(str(cover), "w") as out:
        picture = out.add_stream("png", rate=1)
        picture.width, picture.height, picture.pix_fmt = 32, 32, "rgb24"
        picture.disposition = int(av.stream.Disposition.attached_pic)
        track = out.add_stream("aac", rate=16000)
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        out.mux(picture.encode(frame) + picture.encode())
        for sound in song.decode(audio=0):
            out.mux(track.encode(sound))
        out.mux(track.encode())

    with pytest.raises(MediaError, match="no video stream"):
        probe(cover)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"this is a text file, not a film\n" * 50, "not a video file"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfilm.ts\n", "not a video file"),
        (b"ffconcat version 1.0\nfile 'film.mkv'\n", "not a video file"),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 5004 RTP/AVP 96\n", "not a video file"),
        (b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>', "not a video"),
    ],
)
def test_what_is_no_film_is_one_clear_line(make_film, content, message):
    """Empty files, text, and lists that point to other files are refused unopened."""
    bad = make_film("film.mkv", seconds=1).with_name("bad.mp4")
    bad.write_bytes(content)

    with pytest.raises(MediaError, match=f"bad.mp4: .*{message}") as caught:
        probe(bad)
    assert "\n" not in str(caught.value)


def test_a_playlist_by_its_own_name_is_refused_too(make_film):
    """The extension does not open the door to what the list points to."""
    film = make_film("film.ts", seconds=1, sounds=())
    playlist = film.with_name("list.m3u8")
    playlist.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{film.name}\n#EXT-X-ENDLIST\n"
    )

    with pytest.raises(MediaError, match="not a video file"):
        probe(playlist)


def test_missing_files_and_folders_are_one_clear_line(tmp_path):
    """The path and what is wrong with it, nothing else."""
    with pytest.raises(MediaError, match=r"nowhere\.mp4: no such file"):
        probe(tmp_path / "nowhere.mp4")
    with pytest.raises(MediaError, match="is not a regular file"):
        probe(tmp_path)


def test_a_film_without_its_index_is_one_clear_line(make_film, cut_tail):
    """An mp4 whose end, and with it the index, is lost cannot be opened."""
    with pytest.raises(MediaError, match=r"film.mp4: not a video file that can be read"):
        probe(cut_tail(make_film("film.mp4"), 0.5))


def test_absurd_pictures_are_refused_before_they_are_decoded(make_film):
    """A side beyond 16384 pixels is refused by the header."""
    film = make_film(size=(16400, 16), codec="ffv1", codec_options={}, seconds=1, sounds=())

    with pytest.raises(MediaError, match="16400x16; at most 16384"):
        probe(film)


def test_a_film_of_which_nothing_decodes_is_one_clear_line(make_film, garble_middle):
    """Headers alone make no film."""
    film = garble_middle(make_film("film.avi", sounds=()), 0.2, 0.75)

    with pytest.raises(MediaError, match=r"no picture in it can be decoded|not a video file"):
        probe(film)
