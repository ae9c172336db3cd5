"""avsseg finds, pixel by pixel, what makes the sound in any video."""

__version__ = "0.1.0"
