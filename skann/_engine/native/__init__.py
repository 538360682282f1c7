"""The compiled engine: C sources and their Python side.

``binding.py`` is the only module that imports the extension; ``training.py`` makes it
train. ``engine.h`` says how the C files hang together.

May come in: what is known to NumPy's engine as well and is faster here. May not: a
feature of its own, for the reference is what it is tested against.
"""
