"""low-poly: peaks above a lake, all of it cut into flat triangles that follow the light."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from adapters.generation.sketch.scenes.canvas import Canvas
from adapters.generation.sketch.scenes.forms import facets
from adapters.generation.sketch.scenes.palette import RGB, mix, shade, spectrum
from adapters.generation.sketch.scenes.reading import Reading
from adapters.generation.sketch.scenes.subjects import subject_mask, tint_subject

SHORE = 0.66


@dataclass(frozen=True, slots=True)
class _Peak:
    """A mountain in shares of the canvas: its top, how far each side reaches, and which way its spine leans."""

    x: float
    y: float
    reach: float
    lean: float
    tone: float


def scene(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    """Sky, peaks and their reflection as one mesh, then the subject in a finer one."""
    peaks = [
        _Peak(0.5 + n * 0.23 + rng.uniform(-0.06, 0.06), rng.uniform(0.3, 0.44), 0.3, rng.uniform(-0.2, 0.2), 0.25)
        for n in (-2, -1, 1, 2)
    ]
    peaks.append(_Peak(rng.uniform(0.36, 0.62), rng.uniform(0.13, 0.2), 0.42, rng.uniform(0.05, 0.2), 0.62))
    peaks.append(_Peak(rng.uniform(0.02, 0.14), 0.45, 0.34, 0.2, 0.95))
    peaks.append(_Peak(rng.uniform(0.86, 0.98), 0.42, 0.36, -0.1, 1.0))
    sun = (rng.uniform(0.72, 0.86), rng.uniform(0.12, 0.2))

    def colour(x: float, y: float) -> RGB:
        base = _colour_at(x / canvas.width, y / canvas.height, peaks, reading, sun)
        return shade(base, rng.uniform(-0.065, 0.065))

    facets(canvas, canvas.unit / 17, rng, colour)
    _standing(canvas, reading, rng)


def _colour_at(x: float, y: float, peaks: list[_Peak], reading: Reading, sun: tuple[float, float]) -> RGB:
    palette = reading.palette
    if y > SHORE:
        mirrored = SHORE - (y - SHORE) * 1.5
        return mix(_colour_at(x, max(0.0, mirrored), peaks, reading, sun), palette.land[2], 0.3 + 0.5 * (y - SHORE))
    for peak in reversed(peaks):
        rise = (SHORE - y) / (SHORE - peak.y)
        if rise <= 1 and abs(x - peak.x) < peak.reach * (1 - rise):
            return _slope(x, y, peak, reading)
    near = math.hypot(x - sun[0], y - sun[1])
    sky = spectrum(palette.sky, y / SHORE)
    return palette.light if near < 0.075 else mix(sky, palette.light, max(0.0, 0.55 - near * 1.5))


def _slope(x: float, y: float, peak: _Peak, reading: Reading) -> RGB:
    palette = reading.palette
    down = (y - peak.y) / (SHORE - peak.y)
    spine = peak.x + peak.lean * peak.reach * down + 0.03 * math.sin(down * 9)
    rock = mix(mix(palette.land[0], palette.sky[2], 0.35), palette.land[2], peak.tone)
    if down < 0.3 + 0.06 * math.sin(x * 60):
        rock = mix(palette.light, (255, 255, 255), 0.5)
    lit = x > spine
    return mix(shade(rock, 0.14), palette.accent, 0.12) if lit else mix(shade(rock, -0.3), palette.sky[0], 0.25)


def _standing(canvas: Canvas, reading: Reading, rng: random.Random) -> None:
    if reading.subject is None:
        return
    size, foot = canvas.unit * 0.56, (canvas.width * rng.uniform(0.4, 0.56), canvas.height * 0.94)
    mask = subject_mask(canvas, reading.subject, foot, size)
    accent, second = reading.palette.accent, reading.palette.second
    fine = Canvas(canvas.image.size, inset=True)

    def colour(x: float, y: float) -> RGB:
        share = 0.5 + (x - foot[0]) / size * 0.7 - (foot[1] - y - size / 2) / size * 0.5
        lit = mix(mix(accent, second, 0.3), shade(accent, -0.3), share)
        return shade(lit, rng.uniform(-0.12, 0.12))

    facets(fine, size / 9, rng, colour, (foot[0] - size / 2, foot[1] - size, foot[0] + size / 2, foot[1]))
    canvas.shadow(mask, reading.palette.ink, 0.4, size * 0.03, (size * 0.04, size * 0.03))
    canvas.blend(fine.image, mask)
    tint_subject(canvas, reading.subject, foot, size)
