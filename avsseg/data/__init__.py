"""Datasets on disk and scenes composed from a bank of objects and sounds."""
