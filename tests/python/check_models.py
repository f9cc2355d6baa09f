"""Compare trained models with their formulas, computed from the input files with NumPy and SciPy in float64.

    check_models.py ease --merged FILE --ratings FILE --artifacts DIR
    check_models.py ials --merged FILE --ratings FILE --artifacts DIR --start DIR
    check_models.py svd --merged FILE --ratings FILE --artifacts DIR

ease: B = -P / diag(P) off the diagonal, P = (X'X + lambda I)^-1. ials: the model's number of epochs, starting from
the factors in --start, a model trained for 0 epochs. svd: the singular values of scipy.sparse.linalg.svds, and the
scores of all users.
"""

import argparse
import json
import pathlib

import numpy as np
import pandas as pd
import scipy.sparse as sp
import scipy.sparse.linalg


def main():
    """Compute the model, compare and report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=["ease", "ials", "svd"])
    parser.add_argument("--merged", type=pathlib.Path, required=True)
    parser.add_argument("--ratings", type=pathlib.Path, required=True)
    parser.add_argument("--artifacts", type=pathlib.Path, required=True)
    parser.add_argument("--start", type=pathlib.Path)
    arguments = parser.parse_args()
    spec = json.loads((arguments.artifacts / "manifest.json").read_text())["settings"]["model"]
    x = interactions(arguments.merged, arguments.ratings, spec["confidence"])
    if arguments.model == "ease":
        ours = sp.load_npz(arguments.artifacts / "model_0_ease.npz").toarray()
        theirs = ease(x, spec["model"])
    elif arguments.model == "ials":
        ours = factors(arguments.artifacts, "ials")
        theirs = ials(x, spec["model"], factors(arguments.start, "ials"))
    else:
        ours, theirs = svd(x, spec["model"], arguments.artifacts)
    error = np.abs(ours - theirs).max()
    largest = np.abs(theirs).max()
    assert largest > 0.01, largest
    assert error < 1e-4 * max(1.0, largest), f"off by {error} of at most {largest}"
    print(f"ok {arguments.model}: {theirs.shape} values, off by {error:.1e} of at most {largest:.3f}")


def interactions(merged, ratings, confidence):
    """Return the matrix of users and movies of the merged table, with ratings converted to preference weights."""
    movies = pd.read_csv(merged, usecols=["movieId"])["movieId"]
    row_of = pd.Series(range(len(movies)), index=movies)
    ratings = pd.read_csv(ratings)
    ratings = ratings[ratings["movieId"].isin(movies)]
    weights = np.select(
        [ratings["rating"] >= 4, ratings["rating"] >= 3],
        [confidence["liked"], confidence["middling"]],
    )
    users = ratings["userId"].astype("category").cat.codes
    positions = (users, row_of[ratings["movieId"]])
    x = sp.csr_matrix((weights, positions), shape=(users.max() + 1, len(movies)))
    x.eliminate_zeros()
    return x


def ease(x, params):
    """Return the item-item weights of EASE."""
    counts = np.asarray((x > 0).sum(axis=0)).ravel()
    movies = np.argsort(-counts, kind="stable")[: params["max_movies"]]
    movies = movies[counts[movies] > 0]
    small = x[:, movies].toarray()
    p = np.linalg.inv(small.T @ small + params["regularization"] * np.eye(len(movies)))
    b = -p / np.diag(p)
    np.fill_diagonal(b, 0)
    full = np.zeros((x.shape[1], x.shape[1]))
    full[np.ix_(movies, movies)] = b
    return full


def factors(artifacts, model, array="factors"):
    """Return an array of a trained factor model."""
    with np.load(artifacts / f"model_0_{model}.npz") as archive:
        return archive[array].astype(np.float64)


def ials(x, params, movies):
    """Return the movie factors after the epochs of the model, starting from `movies`."""
    for _ in range(params["iterations"]):
        users = half_step(x, params, movies)
        movies = half_step(x.T.tocsr(), params, users)
    return movies


def half_step(x, params, columns):
    """Return the row factors that minimize the loss for fixed column factors."""
    alpha, nu = params["unobserved_weight"], params["frequency_exponent"]
    background = alpha * columns.T @ columns
    rows = np.zeros((x.shape[0], columns.shape[1]))
    for row in range(x.shape[0]):
        of_row = slice(x.indptr[row], x.indptr[row + 1])
        known, weights = columns[x.indices[of_row]], x.data[of_row]
        ridge = params["regularization"] * (weights.sum() + alpha * x.shape[1]) ** nu
        matrix = background + known.T @ (weights[:, None] * known) + ridge * np.eye(len(background))
        rows[row] = np.linalg.solve(matrix, weights @ known)
    return rows


def svd(x, params, artifacts):
    """Compare the singular values, and return the scores by the trained model and by SciPy's singular vectors."""
    _, values, vectors = scipy.sparse.linalg.svds(x, k=params["factors"])
    found = factors(artifacts, "svd", "singular_values").ravel()
    error = np.abs(found / values[::-1] - 1).max()
    assert error < 1e-4, f"singular values off by {error}"
    movies = factors(artifacts, "svd")
    return x @ movies @ movies.T, x @ vectors.T @ vectors


if __name__ == "__main__":
    main()
