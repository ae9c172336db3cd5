"""Video, sound and picture files: what is read from them and what is written to them.

Only this island opens media files. It needs PyAV and NumPy and never torch.
"""
