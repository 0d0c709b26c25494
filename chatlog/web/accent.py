"""The colours of the pages, made from one accent so that everything stays readable.

Text in the accent's colour keeps a contrast of 4.5:1 (WCAG 2.2, 1.4.3) on every ground of the
pages, in light and dark, and a button in it keeps 3:1 (1.4.11): the accent gets darker or lighter
until it does. Text on a button is black or white. The grounds are those of
``web/src/ui/base.css``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

TEXT_CONTRAST: Final = 4.5
BUTTON_CONTRAST: Final = 3.0

_STEPS: Final = 50


class Colour(NamedTuple):
    """An sRGB colour; each part is 0 to 255."""

    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        """Return the colour as CSS."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


def parse_colour(text: str) -> Colour:
    """Return the colour of ``#rgb`` or ``#rrggbb``."""
    digits = text.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return Colour(*bytes.fromhex(digits))


_WHITE, _BLACK = parse_colour("#fff"), parse_colour("#000")
# The ground, the one that is farthest from it, and the faintest text.
_LIGHT, _LIGHT_PRESSED, _LIGHT_FAINT = map(parse_colour, ("#ffffff", "#e7e7ee", "#676772"))
_DARK, _DARK_PRESSED, _DARK_FAINT = map(parse_colour, ("#1b1b1f", "#2c2c33", "#9696a3"))
_SOFT: Final = 0.2


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def accent_css(text: str) -> str:
    """Return the style sheet that gives the pages an accent."""
    accent = parse_colour(text)
    soft_light = _soft(accent, _LIGHT, _LIGHT_FAINT)
    soft_dark = _soft(accent, _DARK, _DARK_FAINT)
    light = _readable(accent, _BLACK, TEXT_CONTRAST, _LIGHT_PRESSED, soft_light)
    dark = _readable(accent, _WHITE, TEXT_CONTRAST, _DARK_PRESSED, soft_dark)
    button_light = _readable(accent, _BLACK, BUTTON_CONTRAST, _LIGHT)
    button_dark = _readable(accent, _WHITE, BUTTON_CONTRAST, _DARK_PRESSED)
    return (
        ":root {\n"
        f"  --accent: light-dark({light}, {dark});\n"
        f"  --accent-ground: light-dark({button_light}, {button_dark});\n"
        f"  --on-accent: light-dark({_text_on(button_light)}, {_text_on(button_dark)});\n"
        f"  --accent-soft: light-dark({soft_light}, {soft_dark});\n"
        "}\n"
    )


def _readable(accent: Colour, towards: Colour, least: float, *beside: Colour) -> Colour:
    """Return the colour nearest to an accent that has enough contrast to all of the others."""
    for colour in _blends(accent, towards):
        if all(contrast(colour, other) >= least for other in beside):
            return colour
    return towards


def _text_on(ground: Colour) -> Colour:
    return max(_WHITE, _BLACK, key=lambda text: contrast(text, ground))


def _soft(accent: Colour, ground: Colour, faint: Colour) -> Colour:
    """Return a ground with a hint of an accent, on which the faintest text can be read."""
    for colour in _blends(_blend(ground, accent, _SOFT), ground):
        if contrast(colour, faint) >= TEXT_CONTRAST:
            return colour
    return ground


def _blends(colour: Colour, towards: Colour) -> Iterator[Colour]:
    return (_blend(colour, towards, step / _STEPS) for step in range(_STEPS + 1))


def _blend(one: Colour, other: Colour, share: float) -> Colour:
    return Colour(*(round(a + (b - a) * share) for a, b in zip(one, other, strict=True)))


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
