"""A fitted network outside of Python objects: files, graphs, source code.

``archive.py`` writes plain data (arrays, numbers, text, lists, dicts) to a file and
reads them from one that it does not trust. ``description.py`` is what prediction
consists of, and of it are made ONNX graphs and source code.

May come in: another format to export to. May not: estimators, which hand over plain
data or a description; anything that trains.
"""
