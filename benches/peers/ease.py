"""Train EASE (Steck 2019) with numpy and scipy, in closed form, as published.

With G = X'X of the most liked movies and P = (G + lambda I)^-1, the weights are B = -P / diag(P), with
a zero diagonal, all in float32. The inverse is numpy's (`inv`), or LAPACK's for symmetric
positive definite matrices (`cholesky`), which takes half the work but is less well known.
"""

import argparse
import json
import os
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float32]
CHECKED_FILMS, CHECKED_NEIGHBORS = 100, 10


def inverse(matrix: Floats, method: str) -> Floats:
    """Invert a symmetric positive definite matrix, which may be overwritten."""
    if method == "inv":
        return np.linalg.inv(matrix)
    # The transpose is the same symmetric matrix in Fortran order, without a copy.
    factor, failed = scipy.linalg.lapack.spotrf(matrix.T, lower=True, overwrite_a=True, clean=False)
    if failed:
        raise np.linalg.LinAlgError(f"spotrf: {failed}")
    half, failed = scipy.linalg.lapack.spotri(factor, lower=True, overwrite_c=True)
    if failed:
        raise np.linalg.LinAlgError(f"spotri: {failed}")
    # Fill the other triangle in blocks of rows.
    rows = 512
    for start in range(0, len(half), rows):
        end = min(start + rows, len(half))
        half[start:end, end:] = half[end:, start:end].T
        block = half[start:end, start:end]
        block[:] = np.tril(block) + np.tril(block, -1).T
    return half


def fit(liked: sp.csr_matrix, films: NDArray[np.int64], regularization: float, method: str) -> Any:
    """Return the weights for `films`, and the duration of each stage in seconds."""
    marks = [time.perf_counter()]
    x = liked[:, films]
    matrix = (x.T @ x).toarray()
    marks.append(time.perf_counter())
    matrix[np.diag_indices(len(films))] += np.float32(regularization)
    weights = inverse(matrix, method)
    marks.append(time.perf_counter())
    weights /= -np.diag(weights)
    np.fill_diagonal(weights, 0)
    marks.append(time.perf_counter())
    return weights, dict(zip(("gram", "inverse", "weights"), np.diff(marks).tolist(), strict=True))


def main() -> None:
    """Train on the .npz file written by `ials.py prepare` and print a JSON summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("method", choices=["inv", "cholesky"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--films", type=int, default=20_000)
    parser.add_argument("--regularization", type=float, default=100.0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    threadpool_limits(args.threads, "blas")

    liked = sp.csr_matrix(sp.load_npz(args.data))
    counts = np.bincount(liked.indices, minlength=liked.shape[1])
    start, cpu_start = time.perf_counter(), time.process_time()
    films = np.argsort(-counts, kind="stable")[: args.films]
    films = films[counts[films] > 0]
    weights, stages = fit(liked, films, args.regularization, args.method)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu_start

    most_liked = np.abs(weights[:, :CHECKED_FILMS])
    largest = np.partition(most_liked, -CHECKED_NEIGHBORS, axis=0)[-CHECKED_NEIGHBORS:]
    summary = {
        "version": version("numpy"),
        "interactions": liked.nnz,
        "films": len(films),
        "seconds": seconds,
        "cpu_seconds": cpu,
        "stages": stages,
        "mean_weight": float(largest.mean(dtype=np.float64)),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
