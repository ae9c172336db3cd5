"""The page that lays what was measured beside what the paper printed."""
