"""Pages to look at results with: each one file that needs no network, no server, no other file."""
