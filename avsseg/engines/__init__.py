"""Ways to do many videos: in turn, in worker processes, or on a Ray cluster."""
