"""The colours that persons are drawn in, the same everywhere.

Sixteen colours, each the furthest (CIEDE2000) from all before it among those
that are neither too dark nor too pale for a video (L* 48 to 88, chroma above
42), so the first persons differ most. Nearest pair: 17. After sixteen the
colours begin again; the number beside the box tells the persons apart.
"""

Colour = tuple[int, int, int]  # blue, green, red in [0, 255], as OpenCV wants it

COLOURS: tuple[Colour, ...] = (
    (255, 161, 51),  # sky
    (20, 224, 239),  # yellow
    (20, 20, 239),  # red
    (83, 130, 36),  # pine
    (255, 20, 224),  # magenta
    (224, 239, 83),  # turquoise
    (20, 114, 161),  # brown
    (177, 145, 255),  # pink
    (36, 208, 20),  # green
    (130, 177, 255),  # peach
    (255, 177, 192),  # lilac
    (239, 98, 83),  # indigo
    (114, 20, 224),  # crimson
    (36, 145, 130),  # olive
    (255, 208, 20),  # cyan
    (145, 224, 192),  # lime
)

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)

# Weights of blue, green and red in perceived brightness: ITU-R BT.601, section 2.5.1.
LUMA = (0.114, 0.587, 0.299)
DARK_BELOW = 128


def colour_of(person_index: int) -> Colour:
    """Choose the colour of a person, from its index."""
    return COLOURS[person_index % len(COLOURS)]


def text_colour_on(ground: Colour) -> Colour:
    """Choose black or white, whichever is more legible on a ground of this colour."""
    luma = sum(weight * part for weight, part in zip(LUMA, ground, strict=True))
    return WHITE if luma < DARK_BELOW else BLACK
