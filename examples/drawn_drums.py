"""Draws drums as films show them: kits from above, and hand drums, with masks.

The pictures are rough, but their shapes, reflections and textures are those by which drums are
known: heads in their hoops, turned cymbals, wooden shells.
"""

import numpy as np
from painter import SIZE, Disc, Drawing, Floats, pick_tone

WOODS = ((150, 90, 45), (195, 150, 95), (160, 120, 70), (190, 150, 90))
SHELLS = (*WOODS, (120, 20, 20), (30, 40, 110), (30, 30, 32), (200, 200, 195), (20, 90, 80))
BRASS = ((212, 170, 85), (190, 140, 60), (225, 195, 120), (170, 120, 55), (205, 185, 140))
SKINS = ((232, 226, 212), (205, 190, 160), (40, 40, 44), (190, 195, 200))
METAL = (195, 195, 200)
MAKERS = ("REMO", "Evans", "Pearl", "TAMA", "Ludwig")


def draw_kit(rng: np.random.Generator) -> Drawing:
    """Drums and cymbals seen from above, with stands and sticks."""
    drawing = Drawing(rng)
    shell, flat, turn = pick_tone(rng, SHELLS), rng.uniform(0.55, 1), rng.normal(0, 0.2)
    for _ in range(rng.integers(5)):
        _bar(drawing, rng.uniform(0, SIZE, (2, 2)), rng.uniform(2, 5), rng.uniform(30, 190))
    spots = _spots(rng, int(rng.integers(2, 9)))
    drums = max(1, round(len(spots) * rng.uniform(0.35, 0.75)))
    for number, (x, y, radius) in enumerate(spots):
        squash = float(np.clip(flat + rng.normal(0, 0.12), 0.35, 1))
        disc = Disc(x, y, radius * (0.85 if number < drums else 1.15), squash, turn)
        if number < drums:
            draw_drum(drawing, disc, shell)
        else:
            draw_cymbal(drawing, disc)
    for _ in range(rng.integers(3)):
        start, angle = rng.uniform(0.2, 0.8, 2) * SIZE, rng.uniform(0, 2 * np.pi)
        end = start + rng.uniform(0.25, 0.5) * SIZE * np.array([np.cos(angle), np.sin(angle)])
        wood = np.array([205, 165, 110]) * rng.uniform(0.7, 1.1)
        _bar(drawing, np.stack([start, end]), rng.uniform(3, 6), wood)
    return drawing


def _spots(rng: np.random.Generator, count: int) -> list[tuple[float, float, float]]:
    """Centres and radii that overlap by no more than neighbours in a kit do."""
    spots: list[tuple[float, float, float]] = []
    for _ in range(30 * count):
        x, y, radius = *rng.uniform(0, SIZE, 2), rng.uniform(0.12, 0.3) * SIZE
        if all(np.hypot(x - a, y - b) > 0.75 * (radius + c) for a, b, c in spots):
            spots.append((x, y, radius))
        if len(spots) == count:
            break
    return spots


def draw_cymbal(drawing: Drawing, disc: Disc) -> None:
    """Brass with the reflections of a turned disc, a bell in the middle, and its shadow."""
    rng = drawing.rng
    shadow = Disc(disc.x + 0.07 * disc.radius, disc.y + 0.09 * disc.radius, disc.radius * 1.04, 1)
    drawing.lay(0, 0.45 * shadow.inside(sharpness=6), masked=False)
    rho, theta = disc.polar()
    tone = pick_tone(rng, BRASS) * rng.uniform(0.55, 1.1)
    grooves = np.sin(rho * rng.uniform(60, 160)) * rng.uniform(2, 9) + 4 * drawing.noise(6)
    shine = 0.55 + 0.75 * _shine(rng, theta, rng.uniform(3, 14)) + 0.3 * _shine(rng, theta, 8)
    bell = np.exp(-((rho / 0.2) ** 4)) * rng.uniform(-0.1, 0.35)
    drawing.lay(
        tone * (shine * rng.uniform(0.75, 1) + bell)[..., None] + grooves[..., None], disc.inside()
    )
    drawing.lay(rng.uniform(20, 200), disc.scaled(0.055).inside())


def draw_drum(drawing: Drawing, disc: Disc, shell: Floats) -> None:
    """A head in its hoop, worn in the middle, with lugs around and the shell below."""
    rng = drawing.rng
    depth, aslant = rng.uniform(0.05, 0.6) * disc.radius, 1.2 - disc.squash
    for step in np.linspace(1, 0, 9):
        low = disc.moved(0, depth * step * aslant).scaled(0.97)
        light = 0.45 + 0.6 * _shine(rng, low.polar()[1], 3) * (1 - 0.4 * step)
        drawing.lay(shell * light[..., None], low.inside())
    rho, theta = disc.polar()
    hoop = np.array(METAL) * rng.uniform(0.3, 1.15) if rng.random() < 0.8 else shell
    glint = 0.45 + 0.8 * _shine(rng, theta, rng.uniform(2, 8))
    drawing.lay(hoop * glint[..., None], disc.scaled(1.07).inside())
    for angle in np.arange(count := rng.integers(6, 11)) * 2 * np.pi / count:
        x, y = disc.at(1.1, angle)
        drawing.lay(hoop, Disc(x, y, disc.radius * 0.055).inside())
    skin = pick_tone(rng, SKINS) * rng.uniform(0.55, 1.08)
    light = 1 + rng.uniform(-0.18, 0.18) * np.cos(theta - rng.uniform(0, 6)) * rho
    worn = rng.uniform(-45, 5) * np.exp(-((rho / rng.uniform(0.2, 0.5)) ** 2))
    face = skin * light[..., None] + (worn * (1 + 0.3 * drawing.noise(5)))[..., None]
    drawing.lay(face + drawing.noise(3)[..., None] * rng.uniform(0.5, 4), disc.inside())
    if rng.random() < 0.35:
        ink = 60 if skin[0] > 100 else 220
        place = disc.x - 0.3 * disc.radius, disc.y + 0.2 * disc.radius * disc.squash
        drawing.write(str(rng.choice(MAKERS)), place, ink)


def draw_hand_drums(rng: np.random.Generator) -> Drawing:
    """One to three congas, bongos or goblet drums, seen from the side and above."""
    drawing, count = Drawing(rng), int(rng.integers(1, 4))
    radius = rng.uniform(0.5, 0.85) * SIZE / (count + 0.6)
    height = rng.uniform(0.6, 1.9) * radius * 2 * rng.uniform(0.7, 1)
    squash, top = rng.uniform(0.12, 0.5), rng.uniform(0.12, 0.4) * SIZE
    wood = pick_tone(rng, SHELLS if rng.random() < 0.4 else WOODS)
    for number in range(count):
        x = SIZE / 2 + (2 * number - count + 1) * 0.95 * radius + rng.normal(0, 3)
        disc = Disc(x, top + rng.normal(0, 6), radius * rng.uniform(0.85, 1.02), squash)
        _hand_drum(drawing, disc, height, wood)
    return drawing


def _hand_drum(drawing: Drawing, disc: Disc, height: float, wood: Floats) -> None:
    rng = drawing.rng
    down = np.clip((drawing.rows - disc.y) / height, 0, 1)
    barrel = 1 + 0.14 * np.sin(down * np.pi * 0.9) - 0.28 * down**2
    goblet = np.where(down < 0.55, 1 - 0.9 * down, 0.225 + 0.5 * down)
    width = disc.radius * (barrel, barrel, 1 - 0.15 * down, goblet)[rng.integers(4)]
    across = (drawing.columns - disc.x) / np.maximum(width, 1)
    sag = disc.squash * disc.radius * np.sqrt(np.clip(1 - across**2, 0, 1))
    below = drawing.rows - disc.y
    inside = np.clip((1 - np.abs(across)) * width * 0.6, 0, 1)
    inside = inside * np.clip(below + 1, 0, 1) * np.clip(height + 0.7 * sag - below, 0, 1)
    light = 0.4 + 0.75 * np.clip(1 - (across - rng.uniform(-0.5, 0.3)) ** 2, 0, 1)
    grain = 1 + 0.12 * np.sin(across * rng.uniform(8, 30) + drawing.noise(30))
    drawing.lay(wood * (light * grain)[..., None] + 3 * drawing.noise(4)[..., None], inside)
    metal = np.array(METAL) * rng.uniform(0.4, 1.1)
    for _ in range(rng.integers(4)):
        ring = np.clip(3 - np.abs(below - height * rng.uniform(0.1, 0.9) - 0.7 * sag), 0, 1)
        drawing.lay(metal * light[..., None], 0.9 * inside * ring)
    collar = height * rng.uniform(0.04, 0.14)
    drawing.lay(metal * light[..., None], inside * np.clip(collar + sag - below + 1, 0, 1))
    for place in np.linspace(-0.85, 0.85, rng.integers(4, 7)):
        x, y = disc.x + place * disc.radius, disc.y + disc.squash * disc.radius * (1 - place**2)
        rod = np.array([[x, y - 2], [x, y + height * rng.uniform(0.1, 0.25)]])
        _bar(drawing, rod, rng.uniform(2, 5), metal * rng.uniform(0.7, 1.2))
    draw_drum(drawing, disc.scaled(0.95), metal)


def _shine(rng: np.random.Generator, theta: Floats, sharpness: float) -> Floats:
    """The two-sided reflection of something turned on a lathe."""
    shine: Floats = np.abs(np.cos(theta - rng.uniform(0, np.pi))) ** sharpness
    return shine


def _bar(drawing: Drawing, ends: Floats, width: float, colour: Floats | float) -> None:
    drawing.lay(colour, drawing.line(ends, width))
