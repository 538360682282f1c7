"""What a benchmark ran on, in one paragraph to print above its figures."""

import importlib.metadata
import os
import platform

from threadpoolctl import threadpool_info


def describe():
    """Processor, cores, BLAS and versions."""
    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            models = [
                line.split(":")[1].strip() for line in lines if "model name" in line
            ]
        processor = models[0] if models else processor
    except OSError:
        pass
    blas = {
        f"{info['internal_api']} {info.get('version', '')} "
        f"({info.get('architecture', '')}, {info['num_threads']} threads)"
        for info in threadpool_info()
        if info["user_api"] == "blas"
    }
    versions = []
    for package in ("numpy", "scipy", "scikit-learn", "torch", "jax", "skann"):
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return (
        f"{processor}, {os.cpu_count()} cores; Python {platform.python_version()}, "
        f"{', '.join(versions)}; {'; '.join(sorted(blas))}"
    )
