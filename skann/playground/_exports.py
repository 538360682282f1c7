"""What can be taken away from the page, as files."""

import io

import joblib

from ._code import code


def export(session, what):
    """A file of the present network.

    Parameters
    ----------
    session : Session
    what : {"code", "joblib", "onnx"}

    Returns
    -------
    file : dict
        Its "name" and "mime"; "text" of one that is text.
    buffers : list of bytes
        What is in one that is not.
    """
    net = session.trainer.net
    if what == "code":
        text = code(session.settings, session.trainer, session.table, session.points)
        return {
            "what": what,
            "name": "network.py",
            "mime": "text/x-python",
            "text": text,
        }, []
    if what == "joblib":
        buffer = io.BytesIO()
        joblib.dump(net, buffer)
        data = buffer.getvalue()
    elif what == "onnx":
        data = net.to_onnx().SerializeToString()
    else:
        raise ValueError(f"There is no export {what!r}.")
    kind = {"name": f"network.{what}", "mime": "application/octet-stream"}
    return {"what": what, **kind}, [data]
