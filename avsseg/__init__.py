"""avsseg finds, pixel by pixel, what makes the sound in any video."""
