"""Comparisons that raise a DifferenceError with the location of the first difference."""

from collections.abc import Callable
from typing import NoReturn

import numpy as np
import scipy.sparse as sp

RELATIVE = 1e-6
NEAR_ZERO = 1e-9


class DifferenceError(Exception):
    """A difference, with its location, expected value and actual value."""


def differ(what: str, expected: object, got: object) -> NoReturn:
    """Raise a DifferenceError."""
    message = f"{what}: expected {expected}, got {got}"
    raise DifferenceError(message)


def same(what: str, expected: object, got: object) -> None:
    """Require equality."""
    if expected != got:
        differ(what, expected, got)


def same_names(what: str, expected: list[str], got: list[str]) -> None:
    """Require equal names in equal order."""
    for i, (expected_name, got_name) in enumerate(zip(expected, got, strict=False)):
        same(f"{what} {i}", expected_name, got_name)
    same(f"number of {what}", len(expected), len(got))


def close(what: str, expected: np.ndarray, got: np.ndarray, names: list[str]) -> None:
    """Require one number per name, equal within the tolerance."""
    expected, got = np.asarray(expected, dtype=float), np.asarray(got, dtype=float)
    same(f"{what} shape", expected.shape, got.shape)
    for i in np.flatnonzero(~np.isclose(got, expected, rtol=RELATIVE, atol=NEAR_ZERO)):
        differ(f"{what} of {names[i]!r}", expected[i], got[i])


def close_dense(what: str, expected: np.ndarray, got: np.ndarray, columns: list[str]) -> None:
    """Require dense blocks of equal shape, equal within the tolerance."""
    same(f"{what} shape", expected.shape, got.shape)
    for row, col in np.argwhere(~np.isclose(got, expected, rtol=RELATIVE, atol=NEAR_ZERO)):
        differ(f"{what} row {row} column {columns[col]!r}", expected[row, col], got[row, col])


def close_sparse(
    what: str, expected: sp.csr_matrix, got: sp.csr_matrix, columns: list[str]
) -> None:
    """Require equal stored entries in two sparse blocks, within the tolerance."""
    same(f"{what} shape", expected.shape, got.shape)
    expected, got = sp.csr_matrix(expected), sp.csr_matrix(got)
    expected.sort_indices()
    got.sort_indices()
    for row in np.flatnonzero(np.diff(expected.indptr) != np.diff(got.indptr)):
        stored = [[columns[c] for c in block[[row]].indices] for block in (expected, got)]
        differ(f"{what} row {row} stored columns", *stored)
    rows = np.repeat(np.arange(expected.shape[0]), np.diff(expected.indptr))
    for k in np.flatnonzero(expected.indices != got.indices):
        names = columns[expected.indices[k]], columns[got.indices[k]]
        differ(f"{what} row {rows[k]} stored column", *names)
    for k in np.flatnonzero(~np.isclose(got.data, expected.data, rtol=RELATIVE, atol=0.0)):
        where = f"{what} row {rows[k]} column {columns[expected.indices[k]]!r}"
        differ(where, expected.data[k], got.data[k])


def report(check: Callable[[], str]) -> int:
    """Run a check, print its outcome and return the exit status."""
    try:
        print(f"ok {check()}")
    except DifferenceError as difference:
        print(f"DIFFERENT {difference}")
        return 1
    except (KeyError, OSError, ValueError) as error:
        print(f"CANNOT CHECK {type(error).__name__}: {error}")
        return 1
    return 0
