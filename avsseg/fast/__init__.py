"""The same network with less work: exact rewrites for inference, made when a run begins."""
