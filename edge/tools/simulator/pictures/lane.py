"""The fire lane at the north gate: asphalt between kerbs, trees and houses; a van comes in by the gate and stops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from edge.tools.simulator.pictures import walker
from edge.tools.simulator.pictures.events import Event
from edge.tools.simulator.pictures.light import Light
from edge.tools.simulator.pictures.paint import (
    HEIGHT,
    WIDTH,
    Canvas,
    Colour,
    Lens,
    Picture,
    Plane,
    around,
    smooth,
)
from edge.tools.simulator.pictures.scene import Backdrop, Scene, lamp, tinted

LENS: Final = Lens(focal=500, height=3.5, centre=325, horizon=105)
HALF: Final = 2.2  # m: half the lane's width
MIDDLE: Final = -0.3  # m: where its middle is, to the right of the camera
GATE: Final = 42.0  # m away
STOPS: Final = 10.4  # m away: where the van's front is when it stands
ARRIVAL: Final = 5.0  # seconds from the gate to there
LEAVING: Final = 4.0  # seconds from there past the camera
AWAKE: Final = 0.15  # of the windows are lit at night
CROSSING: Final = 11.0  # seconds of a person across the picture
LANE_POLYGON: Final = tuple(
    (round(x / WIDTH, 3), round(y / HEIGHT, 3))
    for x, y in (
        LENS.point(MIDDLE - HALF, 0, 19),
        LENS.point(MIDDLE + HALF, 0, 19),
        LENS.point(MIDDLE + HALF, 0, 7.0),
        LENS.point(MIDDLE - HALF, 0, 7.0),
    )
)
"""The part of the lane that has to stay free, as a camera's zone."""

WHITE: Final = (214.0, 216.0, 214.0)
YELLOW: Final = (60.0, 170.0, 205.0)


class Lane(Scene):
    """CM-01."""

    def _draw(self) -> Picture:
        canvas = Canvas(ground=(206, 190, 172))
        self._sky(canvas)
        sky = canvas.colours
        self._homes = Canvas()
        self._houses(canvas)
        built = canvas.colours
        self._ground(canvas)
        self._gate(canvas)
        self._greenery(canvas)
        drawn = canvas.colours
        seen = (drawn == sky).all(axis=2)
        self._open_sky: Plane = seen.astype(np.float32)
        self._open_sky[HEIGHT // 3 :] = 0
        self._lit_rooms: Plane = self._homes.colours[..., 0] / np.float32(255) * (drawn == built).all(axis=2)
        return drawn

    def _lighting(self, light: Light) -> Plane:
        daylight = 0.13 + 0.87 * light.day
        field = tinted(np.full((HEIGHT, WIDTH), daylight, np.float32), light.tint)
        if light.lamps:
            field *= (1 - 0.62 * light.lamps * self._open_sky)[..., None]
            shine = 0.72 * lamp((420, 235), (230, 120)) + 0.3 * lamp((320, 130), (70, 40))
            field += tinted(light.lamps * shine * (1 - self._open_sky), (0.82, 0.97, 1.1))
            field += tinted(light.lamps * 1.5 * self._lit_rooms, (0.55, 0.95, 1.35))
        return field

    def _show(self, picture: Picture, backdrop: Backdrop, t: float, event: Event) -> None:
        if event.kind == "van":
            self._van(picture, backdrop, _front(t, event))
        elif event.kind == "person":
            way = (t - event.start) / CROSSING
            look = int(event.start * 7 + self._seed)
            away = 8.6 + 1.2 * (look % 3)
            across = (-5.2 + 10.4 * way) * (1 if look % 2 else -1)
            if way < 1 and (made := walker.draw(LENS, across, away, (t - event.start) * 0.95, look)):
                self._shade(picture, made[1], 0.5 * (0.4 + 0.6 * float(backdrop.light[250, 320, 1])))
                self._lay(picture, backdrop, made[0])
        elif event.kind == "covered":
            self._cover(picture, backdrop, t, event)

    # ---- what stands still ----------------------------------------------------------------------------------------

    def _sky(self, canvas: Canvas) -> None:
        for row in range(0, 112, 2):
            part = row / 112
            canvas.polygon(
                [(0, row), (WIDTH, row), (WIDTH, row + 2.5), (0, row + 2.5)],
                (232 - 6 * part, 212 + 10 * part, 190 + 26 * part),
            )
        canvas.texture([(0, 0), (WIDTH, 0), (WIDTH, 110), (0, 110)], self._rough, 10)

    def _houses(self, canvas: Canvas) -> None:
        for near, far, side, floors, colour in (
            (58, 84, -14.0, 9, (168, 178, 186)),
            (52, 70, 13.0, 7, (150, 168, 182)),
            (26, 46, -9.5, 6, (172, 188, 200)),
            (24, 40, 10.5, 6, (160, 170, 190)),
        ):
            self._house(canvas, (near, far), side, floors, colour)

    def _house(
        self, canvas: Canvas, span: tuple[float, float], side: float, floors: int, colour: Colour
    ) -> None:
        near, far = span
        self._wall(canvas, [(side, near), (side, far)], floors, 5, _shaded(colour, 0.82))
        self._wall(canvas, [(side, near), (side * 3, near)], floors, 7, colour)

    def _wall(
        self, canvas: Canvas, ends: Sequence[tuple[float, float]], floors: int, parts: int, colour: Colour
    ) -> None:
        """ends: across and away of both, metres. parts: windows on a floor."""
        (a, from_), (b, to) = ends
        wall = [
            LENS.point(x, up, z)
            for (x, z), up in ((ends[0], 0), (ends[1], 0), (ends[1], 3 * floors), (ends[0], 3 * floors))
        ]
        canvas.polygon(wall, colour)
        canvas.texture(wall, self._rough, 9)
        self._homes.polygon(wall, (0, 0, 0))  # hides what is behind it
        for floor in range(floors):
            for part in range(parts):
                low, high = 0.9 + floor * 3.0, 2.3 + floor * 3.0
                begin, end = (part + 0.25) / parts, (part + 0.75) / parts
                glass = [
                    LENS.point(a + (b - a) * s, up, from_ + (to - from_) * s)
                    for s, up in ((begin, low), (end, low), (end, high), (begin, high))
                ]
                canvas.polygon(glass, _shaded((118, 98, 84), 0.75 + 0.1 * ((floor + part) % 3)))
                if self._chance.uniform() < AWAKE:
                    self._homes.polygon(glass, (255, 255, 255))

    def _ground(self, canvas: Canvas) -> None:
        def strip(
            left: float, right: float, near: float = 4.2, far: float = 400.0
        ) -> list[tuple[float, float]]:
            return [
                LENS.point(left, 0, near),
                LENS.point(right, 0, near),
                LENS.point(right, 0, far),
                LENS.point(left, 0, far),
            ]

        for points, colour, rough in (
            (strip(-60, 60), (92, 128, 112), 22),  # grass
            (strip(MIDDLE - HALF - 2.2, MIDDLE - HALF), (150, 158, 160), 12),  # pavement
            (strip(MIDDLE + HALF, MIDDLE + HALF + 2.2), (150, 158, 160), 12),
            (strip(MIDDLE - HALF - 0.2, MIDDLE - HALF), WHITE, 8),  # kerb
            (strip(MIDDLE + HALF, MIDDLE + HALF + 0.2), WHITE, 8),
            (strip(MIDDLE - HALF, MIDDLE + HALF), (104, 102, 100), 13),
        ):
            canvas.polygon(points, colour)
            canvas.texture(points, self._rough, rough)
        for slab in range(5, 40):
            for side in (-1, 1):
                a = MIDDLE + side * (HALF + 0.2)
                b = MIDDLE + side * (HALF + 2.2)
                canvas.line([LENS.point(a, 0, slab), LENS.point(b, 0, slab)], (132, 140, 142), 0.5)
        self._marks(canvas)

    def _marks(self, canvas: Canvas) -> None:
        """Yellow edges, and the crossed lines that say: keep free."""
        for side in (-1, 1):
            edge = [
                LENS.point(MIDDLE + side * (HALF - 0.25), 0, 5),
                LENS.point(MIDDLE + side * (HALF - 0.37), 0, 5),
                LENS.point(MIDDLE + side * (HALF - 0.37), 0, GATE),
                LENS.point(MIDDLE + side * (HALF - 0.25), 0, GATE),
            ]
            canvas.polygon(edge, YELLOW)
        reach = HALF - 0.35
        for step in range(4):
            near, far = 7.0 + step * 3.0, 10.0 + step * 3.0
            for a, b in ((-reach, reach), (reach, -reach)):
                width = 55 / near**1.1
                canvas.line(
                    [LENS.point(MIDDLE + a, 0, near), LENS.point(MIDDLE + b, 0, far)],
                    (84, 152, 176),
                    width * 0.45,
                )
            canvas.line(
                [LENS.point(MIDDLE - reach, 0, near), LENS.point(MIDDLE + reach, 0, near)],
                (84, 152, 176),
                25 / near,
            )

    def _gate(self, canvas: Canvas) -> None:
        for side in (-1, 1):
            x = MIDDLE + side * (HALF + 0.6)
            pillar = [LENS.point(x + e, up, GATE) for e, up in ((-0.6, 0), (0.6, 0), (0.6, 4.2), (-0.6, 4.2))]
            canvas.polygon(pillar, (128, 140, 158))
        beam = [
            LENS.point(MIDDLE + e, up, GATE) for e, up in ((-3.6, 4.2), (3.6, 4.2), (3.6, 5.2), (-3.6, 5.2))
        ]
        canvas.polygon(beam, (92, 104, 140))
        hut = [LENS.point(e, up, 36) for e, up in ((3.0, 0), (5.4, 0), (5.4, 2.7), (3.0, 2.7))]
        canvas.polygon(hut, (190, 196, 200))
        pane = [LENS.point(e, up, 36) for e, up in ((3.4, 1.0), (5.0, 1.0), (5.0, 2.1), (3.4, 2.1))]
        canvas.polygon(pane, (120, 104, 92))

    def _greenery(self, canvas: Canvas) -> None:
        """Trees from the gate to the camera, a lamp post, a hydrant."""
        for away in (38, 31, 25, 19.5, 15):
            for side in (-1, 1):
                self._tree(canvas, side * (5.6 + (away % 3) * 0.4) + MIDDLE, away + side)
        foot, head = LENS.point(3.4, 0, 12.5), LENS.point(3.4, 5.2, 12.5)
        canvas.line([foot, head, LENS.point(2.5, 5.4, 12.5)], (96, 98, 100), 4)
        for low, high, wide in ((0, 0.55, 0.13), (0.55, 0.7, 0.17)):
            body = [
                LENS.point(-3.35 + e, up, 9.2)
                for e, up in ((-wide, low), (wide, low), (wide, high), (-wide, high))
            ]
            canvas.polygon(body, (52, 50, 150))

    def _tree(self, canvas: Canvas, across: float, away: float) -> None:
        foot, fork = LENS.point(across, 0, away), LENS.point(across, 2.4, away)
        canvas.line([foot, fork], (58, 72, 84), 0.25 * LENS.scale(away))
        for _ in range(60):
            turn, out = self._chance.uniform(0, 2 * math.pi), self._chance.uniform(0, 1) ** 0.5
            leaf = LENS.point(across + 1.35 * out * math.cos(turn), 3.7 + 1.3 * out * math.sin(turn), away)
            size = self._chance.uniform(0.18, 0.45) * LENS.scale(away)
            bright = 0.75 + 0.4 * (math.sin(turn) * out * 0.5 + 0.5) + self._chance.uniform(-0.1, 0.1)
            canvas.ellipse(leaf, (size, size * 0.8), _shaded((58, 104, 82), bright))

    # ---- what moves -----------------------------------------------------------------------------------------------

    def _van(self, picture: Picture, backdrop: Backdrop, front: float | None) -> None:
        if front is None:
            return
        window = around([LENS.point(MIDDLE + e, up, front) for e, up in ((-1.4, 0), (1.4, 0), (1.4, 3.0))], 6)
        if window is None:
            return
        left, y = LENS.point(MIDDLE - 1.15, 0, front)
        right, _ = LENS.point(MIDDLE + 1.15, 0, front)
        depth = 0.32 * LENS.scale(front)
        self._shade(picture, (int(left), int(y - depth * 1.6), int(right), int(y + depth)), 0.62)
        self._lay(picture, backdrop, _van(Canvas(window), front))


def _front(t: float, event: Event) -> float | None:
    """Metres from the camera to the van's front; None while it is not in the picture."""
    away = STOPS + (GATE - 2 - STOPS) * math.pow(1 - smooth(0, ARRIVAL, t - event.start), 1.6)
    if event.end is not None and t > event.end:
        part = min(1.0, (t - event.end) / LEAVING)
        away = min(away, STOPS) - (STOPS - 1.6) * math.pow(part, 1.7)
        return away if away > 2.2 else None
    return away


def _van(canvas: Canvas, front: float) -> Canvas:
    """Its front, and the roof that goes back from it."""

    def spot(across: float, up: float, back: float = 0.0) -> tuple[float, float]:
        return LENS.point(MIDDLE + across, up, front + back)

    body: Colour = (206, 210, 208)
    for side in (-1, 1):
        wheel = [spot(side * w, up) for w, up in ((0.62, 0.0), (0.9, 0.0), (0.9, 0.5), (0.62, 0.5))]
        canvas.polygon(wheel, (34, 34, 36))
    canvas.polygon(
        [spot(-0.86, 1.95), spot(0.86, 1.95), spot(0.84, 1.95, 4.6), spot(-0.84, 1.95, 4.6)], (196, 200, 198)
    )
    canvas.polygon(
        [
            spot(-0.95, 0.3),
            spot(0.95, 0.3),
            spot(0.97, 1.1),
            spot(0.86, 1.97),
            spot(-0.86, 1.97),
            spot(-0.97, 1.1),
        ],
        body,
    )
    canvas.polygon([spot(-0.84, 1.08), spot(0.84, 1.08), spot(0.76, 1.82), spot(-0.76, 1.82)], (74, 62, 52))
    canvas.polygon([spot(-0.7, 1.55), spot(-0.1, 1.12), spot(0.2, 1.12), spot(-0.5, 1.8)], (104, 92, 80))
    canvas.polygon([spot(-0.96, 0.26), spot(0.96, 0.26), spot(0.96, 0.5), spot(-0.96, 0.5)], (72, 72, 74))
    canvas.polygon([spot(-0.5, 0.62), spot(0.5, 0.62), spot(0.5, 0.8), spot(-0.5, 0.8)], (58, 58, 60))
    canvas.polygon([spot(-0.24, 0.33), spot(0.24, 0.33), spot(0.24, 0.46), spot(-0.24, 0.46)], (150, 96, 52))
    for side in (-1, 1):
        eye = [spot(side * w, up) for w, up in ((0.6, 0.62), (0.92, 0.66), (0.92, 0.9), (0.62, 0.82))]
        canvas.polygon(eye, (226, 226, 222))
        mirror = [spot(side * w, up) for w, up in ((0.98, 1.1), (1.2, 1.12), (1.2, 1.4), (0.98, 1.36))]
        canvas.polygon(mirror, (60, 60, 62))
    return canvas


def _shaded(colour: Colour, share: float) -> Colour:
    return (colour[0] * share, colour[1] * share, colour[2] * share)
