"""Tune libraries on the validation part of exported splits, and write their lists for the test part.

`cinematch evaluate --export-split DIR` writes the splits, and `cinematch evaluate --score` scores the lists.
The search works like `cinematch tune`: the same number of random trials from the same ranges, starting with
our defaults, and successive halving, which measures all trials on the first split and the better half on
each further split. The test part is not used for tuning.

Ratings of 4 stars or more have the weight 1. The weight of 3 and 3.5 stars is a hyperparameter, so that a
library can learn from them as CineMatch does.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Params = dict[str, float]
LIST_LENGTH = 100


class Part(NamedTuple):
    """Training ratings, and the held-out users with their histories and relevant movies."""

    stars: sp.csr_matrix
    users: list[int]
    history: sp.csr_matrix
    relevant: sp.csr_matrix
    is_candidate: NDArray[np.bool_]
    movies: list[int]


Fit = Callable[[sp.csr_matrix, Params], Callable[[sp.csr_matrix], Floats]]


def read_part(folder: Path, name: str) -> Part:
    """Read one part of a split, with movies in ID order."""
    files = json.loads((folder / "split.json").read_text())["parts"][name]

    def rows(kind: str) -> NDArray[np.float64]:
        return np.loadtxt(folder / files[kind], delimiter=",", skiprows=1, ndmin=2)

    train, history, relevant, candidates = map(rows, ["train", "history", "relevant", "candidates"])
    movies = sorted({int(row[1]) for part in (train, history, relevant) for row in part})
    column = {movie: at for at, movie in enumerate(movies)}
    users = sorted({int(user) for user in history[:, 0]})

    def matrix(ratings: NDArray[np.float64], of: list[int]) -> sp.csr_matrix:
        row = {user: at for at, user in enumerate(of)}
        places = [row[int(user)] for user in ratings[:, 0]], [column[int(m)] for m in ratings[:, 1]]
        shape = (len(of), len(movies))
        return sp.csr_matrix((ratings[:, 2].astype(np.float32), places), shape=shape)

    is_candidate = np.zeros(len(movies), dtype=bool)
    is_candidate[[column[int(movie)] for (movie,) in candidates if int(movie) in column]] = True
    learners = sorted({int(user) for user in train[:, 0]})
    return Part(
        matrix(train, learners),
        users,
        matrix(history, users),
        matrix(relevant, users),
        is_candidate,
        movies,
    )


def weighed(stars: sp.csr_matrix, middling: float) -> sp.csr_matrix:
    """Convert ratings to weights."""
    weights = stars.copy()
    weights.data = np.select(
        [stars.data >= 4, stars.data >= 3], [1.0, middling], default=0.0
    ).astype(np.float32)
    weights.eliminate_zeros()
    return weights


def ease(weights: sp.csr_matrix, params: Params) -> Callable[[sp.csr_matrix], Floats]:
    """Fit EASE (Steck 2019) with numpy."""
    seen = np.flatnonzero(weights.getnnz(axis=0))
    small = weights[:, seen]
    gram = np.asarray((small.T @ small).todense(), dtype=np.float32)
    gram[np.diag_indices_from(gram)] += params["regularization"]
    inverse = np.linalg.inv(gram)
    model = inverse / -np.diag(inverse)
    np.fill_diagonal(model, 0)

    def score(history: sp.csr_matrix) -> Floats:
        scores = np.zeros(history.shape, dtype=np.float32)
        scores[:, seen] = history[:, seen] @ model
        return scores

    return score


def irspack(weights: sp.csr_matrix, params: Params) -> Callable[[sp.csr_matrix], Floats]:
    """Fit irspack's iALS, which uses the objective of Rendle et al. 2021."""
    from irspack.recommenders.ials import IALSRecommender

    model = IALSRecommender(
        weights,
        n_components=int(params["factors"]),
        alpha0=params["unobserved_weight"],
        reg=params["regularization"],
        nu=1.0,
        train_epochs=16,
        n_threads=2,
    ).learn()
    return lambda history: np.asarray(model.get_score_cold_user(history), dtype=np.float32)


def fold_in(
    films: Floats, history: sp.csr_matrix, observed: float, regularization: float
) -> Floats:
    """Solve for each user, with weight 1 for unobserved and 1 + `observed` for observed movies."""
    background = films.T @ films + regularization * np.eye(films.shape[1], dtype=np.float32)
    users = np.empty((history.shape[0], films.shape[1]), dtype=np.float32)
    for user in range(history.shape[0]):
        row = history[user]
        own = films[row.indices]
        extra = row.data[:, None] * observed
        users[user] = np.linalg.solve(
            background + own.T @ (own * extra), (own * (1 + extra)).sum(axis=0)
        )
    return users @ films.T


def implicit(weights: sp.csr_matrix, params: Params) -> Callable[[sp.csr_matrix], Floats]:
    """Fit implicit's ALS."""
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    observed, regularization = 1 / params["unobserved_weight"], params["ridge"]
    model = AlternatingLeastSquares(
        factors=int(params["factors"]),
        regularization=regularization,
        iterations=16,
        num_threads=2,
        random_state=1,
    )
    confidence = weights.copy()
    confidence.data = 1 + observed * confidence.data
    with threadpool_limits(1, "blas"):
        model.fit(confidence, show_progress=False)
    films = np.asarray(model.item_factors)
    return lambda history: fold_in(films, history, observed, regularization)


def rusket(weights: sp.csr_matrix, params: Params) -> Callable[[sp.csr_matrix], Floats]:
    """Fit rusket's ALS."""
    from rusket import ALS

    observed, regularization = 1 / params["unobserved_weight"], params["ridge"]
    model = ALS(
        factors=int(params["factors"]),
        regularization=regularization,
        alpha=observed,
        iterations=16,
        seed=1,
        use_cholesky=True,
    ).fit(weights)
    films = np.asarray(model._item_factors)
    return lambda history: fold_in(films, history, observed, regularization)


PEERS: dict[str, Fit] = {
    "numpy-ease": ease,
    "irspack-ials": irspack,
    "implicit-als": implicit,
    "rusket-als": rusket,
}


ALS = {"factors": 64.0, "unobserved_weight": 0.1, "middling": 0.35}
DEFAULTS: dict[str, Params] = {
    "numpy-ease": {"regularization": 200.0, "middling": 0.35},
    "irspack-ials": ALS | {"regularization": 0.003},
    # Roughly equivalent to this regularization on data of this size.
    "implicit-als": ALS | {"ridge": 20.0},
    "rusket-als": ALS | {"ridge": 20.0},
}


def drawn(peer: str, trial: int, seed: int) -> Params:
    """Draw the hyperparameters of a trial; trial 0 uses our defaults."""
    if trial == 0:
        return DEFAULTS[peer]
    random = np.random.default_rng([seed, trial])

    def log(low: float, high: float) -> float:
        return float(low * (high / low) ** random.random())

    middling = float(random.uniform(0, 0.6))
    if peer == "numpy-ease":
        return {"regularization": log(10, 3000), "middling": middling}
    factors = float(random.choice([32, 48, 64, 96, 128, 192, 256]))
    params = {"factors": factors, "unobserved_weight": log(0.02, 5), "middling": middling}
    if peer == "irspack-ials":
        return params | {"regularization": log(2e-4, 0.05)}
    # One value for all rows, relative to a weight of 1 for unobserved movies.
    return params | {"ridge": log(0.5, 500)}


def lists_of(part: Part, fit: Fit, params: Params) -> NDArray[np.int64]:
    """Fit a model and return each user's best movies, best first."""
    scores = fit(weighed(part.stars, params["middling"]), params)(weighed(part.history, params["middling"]))
    scores[part.history.nonzero()] = -np.inf
    scores[:, ~part.is_candidate] = -np.inf
    return np.argsort(-scores, axis=1, kind="stable")[:, :LIST_LENGTH]


def ndcg(part: Part, lists: NDArray[np.int64]) -> float:
    """Return the mean NDCG at 100."""
    gains = 1 / np.log2(np.arange(LIST_LENGTH) + 2)
    values = []
    for user, ranked in enumerate(lists):
        relevant = part.relevant[user].indices
        ideal = gains[: min(LIST_LENGTH, len(relevant))].sum()
        values.append(gains[np.isin(ranked, relevant)].sum() / ideal)
    return float(np.mean(values))


def tried(peer: str, part: Part, params: Params) -> float:
    """Measure a trial; return negative infinity if the model cannot be fitted."""
    try:
        value = ndcg(part, lists_of(part, PEERS[peer], params))
    except (np.linalg.LinAlgError, FloatingPointError, ValueError) as error:
        print(f"{peer} {params}: {error}", file=sys.stderr)
        return -np.inf
    return value if np.isfinite(value) else -np.inf


def tuned(peer: str, parts: list[Part], trials: int, seed: int) -> tuple[Params, float]:
    """Search, and return the best hyperparameters with their mean NDCG over all splits."""
    alive = list(range(trials))
    sums = dict.fromkeys(alive, 0.0)
    for rung, part in enumerate(parts):
        if rung:
            alive = sorted(alive, key=lambda trial: -sums[trial])[: (len(alive) + 1) // 2]
        for trial in alive:
            sums[trial] += tried(peer, part, drawn(peer, trial, seed))
    best = max(alive, key=lambda trial: sums[trial])
    return drawn(peer, best, seed), sums[best] / len(parts)


def write_lists(path: Path, part: Part, lists: NDArray[np.int64]) -> None:
    """Write lists in the format that `cinematch evaluate --score` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as out:
        out.write("userId,rank,movieId,score\n")
        for user, ranked in zip(part.users, lists, strict=True):
            for place, movie in enumerate(ranked, 1):
                out.write(f"{user},{place},{part.movies[movie]},{-place}\n")


def main() -> None:
    """Tune on one folder of splits and write lists for another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--tune", type=Path, required=True, help="splits to tune on")
    parser.add_argument("--test", type=Path, required=True, help="splits to write lists for")
    parser.add_argument("--out", type=Path, required=True, help="folder for lists, OUT/SEED/PEER.csv")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    # Some libraries print progress bars to standard output.
    with contextlib.redirect_stdout(sys.stderr):
        result = compared(options)
    print(json.dumps(result))


def compared(options: argparse.Namespace) -> dict[str, Any]:
    """Tune, write lists, and return a summary."""
    start = time.perf_counter()

    def folders(of: Path) -> list[Path]:
        return sorted((path.parent for path in of.glob("*/split.json")), key=lambda p: int(p.name))

    parts = [read_part(folder, "validation") for folder in folders(options.tune)]
    params, validation = tuned(options.peer, parts, options.trials, options.seed)
    own: list[float] = []
    for folder in folders(options.test):
        part = read_part(folder, "test")
        lists = lists_of(part, PEERS[options.peer], params)
        own.append(ndcg(part, lists))
        write_lists(options.out / folder.name / f"{options.peer}.csv", part, lists)
    return {
        "peer": options.peer,
        "trials": options.trials,
        "params": params,
        "validation_ndcg@100": validation,
        "test_ndcg@100": float(np.mean(own)),
        "seconds": time.perf_counter() - start,
    }


if __name__ == "__main__":
    main()
