"""How good the masks are: every metric of the field, each under its own name."""
