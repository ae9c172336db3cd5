"""Training: losses as pure functions, the paper's objective, and the loop around them."""
