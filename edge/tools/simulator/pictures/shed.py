"""The bicycle shed: electric bikes in two rows before a charging cabinet; one of them catches fire."""

from __future__ import annotations

import math
from typing import Final

from edge.tools.simulator.pictures import walker
from edge.tools.simulator.pictures.burning import Burning
from edge.tools.simulator.pictures.events import Event
from edge.tools.simulator.pictures.light import Light
from edge.tools.simulator.pictures.paint import Canvas, Colour, Lens, Picture, Plane, smooth
from edge.tools.simulator.pictures.scene import Backdrop, Scene, lamp, tinted

LENS: Final = Lens(focal=440, height=2.55, centre=312, horizon=88)
WALL: Final = 3.7  # m from the middle to either side wall
BACK: Final = 11.0  # m: the back wall
ROOF: Final = 3.0  # m
SPACING: Final = 0.82  # m from bike to bike
BURNS: Final = (1.75, 7.1)  # m across and away: the seat of the bike that burns
GROWS: Final = 28.0  # seconds until the flame is as large as it becomes
DIES: Final = 6.0  # seconds from the end of the event until the last flame
PASSING: Final = 12.0  # seconds of a person through the shed

PAINTS: Final[tuple[Colour, ...]] = (
    (60, 58, 62), (150, 92, 48), (70, 74, 158), (188, 190, 190), (96, 128, 70), (52, 50, 52),
)  # fmt: skip


class Shed(Scene):
    """CM-02."""

    def _draw(self) -> Picture:
        self._burning = Burning(self._seed)
        canvas = Canvas(ground=(150, 156, 158))
        self._room(canvas)
        self._cabinet(canvas)
        self._tubes = Canvas()
        for away in (4.2, 7.4):
            tube = [
                LENS.point(e, ROOF - 0.06, away + f)
                for e, f in ((-0.8, 0), (0.8, 0), (0.8, 0.18), (-0.8, 0.18))
            ]
            canvas.polygon(tube, (236, 240, 238))
            self._tubes.polygon(tube, (255, 255, 255))
        away = BACK - 0.9
        while away > 3.4:
            for side in (-1, 1):
                if self._chance.uniform() > 0.12 or abs(away - BURNS[1]) < SPACING:
                    _bike(
                        canvas,
                        side,
                        away + self._chance.uniform(-0.1, 0.1),
                        PAINTS[int(self._chance.integers(len(PAINTS)))],
                    )
            away -= SPACING
        return canvas.colours

    def _lighting(self, light: Light) -> Plane:
        """Daylight falls in from behind the camera; the tubes burn day and night."""
        daylight = (0.4 * light.day) * lamp((320, 420), (420, 330))
        tubes = 0.8 * (lamp((312, 40), (300, 210)) + 0.35 * lamp((312, 200), (260, 160)))
        field = tinted(daylight, light.tint) + tinted(tubes + 0.08, (1.02, 1.0, 0.95))
        field += tinted(0.9 * self._tubes.alpha, (1.0, 1.0, 1.0))
        return field

    def _show(self, picture: Picture, backdrop: Backdrop, t: float, event: Event) -> None:
        if event.kind == "fire":
            self._fire(picture, t, event)
        elif event.kind == "smoke":
            self._smoke(picture, t, event, thick=1.5)
        elif event.kind == "person":
            self._person(picture, backdrop, t, event)
        elif event.kind == "covered":
            self._cover(picture, backdrop, t, event)

    # ---- what stands still ----------------------------------------------------------------------------------------

    def _room(self, canvas: Canvas) -> None:
        def sheet(corners: list[tuple[float, float, float]], colour: Colour, rough: float) -> None:
            points = [LENS.point(*corner) for corner in corners]
            canvas.polygon(points, colour)
            canvas.texture(points, self._rough, rough)

        near = 1.2
        sheet([(-WALL, 0, near), (WALL, 0, near), (WALL, 0, BACK), (-WALL, 0, BACK)], (128, 134, 136), 16)
        sheet(
            [(-WALL, ROOF, near), (WALL, ROOF, near), (WALL, ROOF, BACK), (-WALL, ROOF, BACK)],
            (168, 172, 172),
            8,
        )
        for side in (-1, 1):
            x = side * WALL
            sheet([(x, 0, near), (x, 0, BACK), (x, ROOF, BACK), (x, ROOF, near)], (178, 186, 190), 10)
            sheet([(x, 0, near), (x, 0, BACK), (x, 0.9, BACK), (x, 0.9, near)], (150, 160, 150), 10)
            for rib in range(2, int(BACK)):
                canvas.line(
                    [LENS.point(x, 0, rib), LENS.point(x, ROOF, rib)], (150, 158, 162), 30 / rib / rib + 0.6
                )
        sheet(
            [(-WALL, 0, BACK), (WALL, 0, BACK), (WALL, ROOF, BACK), (-WALL, ROOF, BACK)], (186, 192, 196), 9
        )
        for beam in range(2, int(BACK)):
            canvas.line(
                [LENS.point(-WALL, ROOF, beam), LENS.point(WALL, ROOF, beam)],
                (120, 126, 130),
                22 / beam + 0.5,
            )
        for line in (-1.45, 1.45):
            mark = [
                LENS.point(line + e, 0, z)
                for e, z in ((-0.05, near), (0.05, near), (0.05, BACK), (-0.05, BACK))
            ]
            canvas.polygon(mark, (96, 178, 196))
        board = [LENS.point(e, up, BACK) for e, up in ((-2.6, 1.5), (-1.5, 1.5), (-1.5, 2.4), (-2.6, 2.4))]
        canvas.polygon(board, (216, 218, 214))
        for row in range(5):
            y = 1.66 + row * 0.15
            canvas.line(
                [LENS.point(-2.48, y, BACK), LENS.point(-1.62 - 0.1 * (row % 2), y, BACK)],
                (150, 118, 96),
                0.8,
            )

    def _cabinet(self, canvas: Canvas) -> None:
        """Twelve charging slots, each with a small lamp."""
        left, right, top = 0.1, 2.3, 1.95
        front = [
            LENS.point(e, up, BACK - 0.5) for e, up in ((left, 0.1), (right, 0.1), (right, top), (left, top))
        ]
        canvas.polygon(front, (182, 170, 150))
        side = [
            LENS.point(left, up, z)
            for up, z in ((0.1, BACK), (0.1, BACK - 0.5), (top, BACK - 0.5), (top, BACK))
        ]
        canvas.polygon(side, (140, 132, 118))
        for row in range(3):
            for column in range(4):
                x, y = left + 0.14 + column * 0.52, 0.25 + row * 0.56
                door = [
                    LENS.point(e, up, BACK - 0.5)
                    for e, up in ((x, y), (x + 0.4, y), (x + 0.4, y + 0.44), (x, y + 0.44))
                ]
                canvas.polygon(door, (122, 116, 106))
                light = LENS.point(x + 0.33, y + 0.37, BACK - 0.5)
                canvas.ellipse(light, (1.5, 1.5), (90, 200, 90) if (row + column) % 3 else (60, 70, 210))

    # ---- what moves -----------------------------------------------------------------------------------------------

    def _fire(self, picture: Picture, t: float, event: Event) -> None:
        age = t - event.start
        left = 1.0 if event.end is None else 1 - smooth(0, DIES, t - event.end)
        self._smoke(picture, t, event, thick=1.2)
        if left <= 0:
            return
        size = (0.34 + 0.66 * smooth(0, GROWS, age)) * smooth(-0.3, 1.2, age) * left
        metre = LENS.scale(BURNS[1])
        foot = LENS.point(BURNS[0], 0.32, BURNS[1])
        tall, wide = 1.9 * size * metre, 1.35 * size * metre
        self._burning.glow(picture, (foot[0], foot[1] - tall / 3), 60 + 190 * size, 0.9 * size, t)
        self._burning.flame(picture, foot, (wide, tall), age)
        if size > 0.5:
            self._burning.flame(
                picture, (foot[0] - wide * 0.45, foot[1] + 4), (wide * 0.5, tall * 0.55), age + 3.3
            )

    def _smoke(self, picture: Picture, t: float, event: Event, thick: float) -> None:
        gone = 0.0 if event.end is None else (t - event.end) / DIES
        if gone < 1:
            x, y = LENS.point(BURNS[0], 0.9, BURNS[1])
            _, ceiling = LENS.point(BURNS[0], ROOF, BURNS[1])
            self._burning.smoke(picture, (x, y), t - event.start, ceiling, 0.55, thick * (1 - max(0.0, gone)))

    def _person(self, picture: Picture, backdrop: Backdrop, t: float, event: Event) -> None:
        part = (t - event.start) / PASSING
        if part >= 1:
            return
        away = 3.2 + 5.8 * math.sin(part * math.pi)
        made = walker.draw(
            LENS, -0.6 + 0.9 * part, away, (t - event.start) * 0.95, int(event.start * 7 + self._seed)
        )
        if made is not None:
            self._shade(picture, made[1], 0.4)
            self._lay(picture, backdrop, made[0])


def _bike(canvas: Canvas, side: int, away: float, paint: Colour) -> None:
    """An electric scooter seen from its side, its front wheel at the wall."""
    metre = LENS.scale(away)

    def spot(along: float, up: float) -> tuple[float, float]:
        return LENS.point(side * (1.62 + along * 1.9), up, away)

    for hub in (0.13, 0.87):
        canvas.ellipse(spot(hub, 0.22), (0.21 * metre, 0.22 * metre), (36, 36, 38), 0.07 * metre)
        canvas.ellipse(spot(hub, 0.22), (0.05 * metre, 0.05 * metre), (120, 122, 124))
    canvas.polygon(
        [spot(0.05, 0.42), spot(0.1, 0.72), spot(0.42, 0.7), spot(0.42, 0.3), spot(0.22, 0.28)], paint
    )
    canvas.polygon([spot(0.4, 0.26), spot(0.4, 0.36), spot(0.68, 0.36), spot(0.7, 0.24)], _darker(paint))
    canvas.polygon([spot(0.66, 0.3), spot(0.72, 0.98), spot(0.79, 0.98), spot(0.78, 0.34)], paint)
    canvas.line([spot(0.86, 0.24), spot(0.77, 0.6), spot(0.74, 1.02)], (90, 92, 94), 0.05 * metre)
    canvas.line([spot(0.72, 1.04), spot(0.64, 1.12)], (40, 40, 42), 0.05 * metre)
    canvas.polygon([spot(0.04, 0.72), spot(0.06, 0.8), spot(0.42, 0.79), spot(0.44, 0.71)], (44, 42, 42))
    canvas.ellipse(spot(0.77, 0.84), (0.05 * metre, 0.06 * metre), (210, 214, 212))


def _darker(colour: Colour) -> Colour:
    return (colour[0] * 0.7, colour[1] * 0.7, colour[2] * 0.7)
