"""Train implicit ALS with irspack, implicit, rusket or LensKit, with the same hyperparameters.

The objective is that of Rendle et al. 2021, over users u and movies i with factors x and y: the sum of
(x·y - 1)² over observed pairs, plus α₀ times the sum of (x·y)² over all pairs, plus
λ (n_u + α₀ |movies|) |x_u|² and λ (n_i + α₀ |users|) |y_i|².

irspack uses this objective. The other libraries give unobserved pairs the weight 1 and observed pairs the
weight 1 + 1/α₀, with the target 1. This is the same objective divided by α₀, except that x·y is 1 + α₀
times as large. They use a single regularization value for all rows, for which the script takes the mean of
the terms above. If users and movies share one value, it is the geometric mean of both, which has the same
minimum.
"""

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Json = dict[str, Any]
CHECKED_USERS, CHECKED_FILMS = 2000, 20


class Params(NamedTuple):
    """Hyperparameters passed to every library."""

    factors: int
    iterations: int
    threads: int
    unobserved_weight: float
    regularization: float
    cg_steps: int
    seed: int


class Fitted(NamedTuple):
    """Factors, the target of x·y for observed pairs, and the seconds of each iteration."""

    users: Floats
    films: Floats
    target: float
    wall: list[float]
    cpu: list[float]


class Laps:
    """Timer of iterations: call it before the first iteration and after each one."""

    def __init__(self) -> None:
        """Start without measurements."""
        self.marks: list[tuple[float, float]] = []

    def __call__(self, *_: object) -> None:
        """Record the current wall and CPU time."""
        self.marks.append((time.perf_counter(), time.process_time()))

    def fitted(self, users: Floats, films: Floats, target: float) -> Fitted:
        """Return the factors with the durations between the calls."""
        wall, cpu = np.diff(np.array(self.marks), axis=0).T.tolist()
        return Fitted(users, films, target, wall, cpu)


def mean_regularization(liked: sp.csr_matrix, params: Params) -> tuple[float, float]:
    """Return the mean regularization of users and of movies, for an unobserved weight of 1."""
    n_users, n_films = liked.shape
    alpha = params.unobserved_weight
    users = params.regularization * (liked.nnz / n_users + alpha * n_films) / alpha
    films = params.regularization * (liked.nnz / n_films + alpha * n_users) / alpha
    return users, films


def irspack(solver: str) -> Callable[[sp.csr_matrix, Params], Fitted]:
    """Return the fit function for one of irspack's solvers."""

    def fit(liked: sp.csr_matrix, params: Params) -> Fitted:
        from irspack.recommenders.ials import IALSRecommender

        model = IALSRecommender(
            liked,
            n_components=params.factors,
            alpha0=params.unobserved_weight,
            reg=params.regularization,
            nu=1.0,
            solver_type=solver,
            max_cg_steps=params.cg_steps,
            random_seed=params.seed,
            n_threads=params.threads,
        )
        trainer = model._create_trainer()
        laps = Laps()
        laps()
        for _ in range(params.iterations):
            trainer.run_epoch()
            laps()
        return laps.fitted(trainer.core_trainer.user, trainer.core_trainer.item, 1.0)

    return fit


def implicit(use_cg: bool) -> Callable[[sp.csr_matrix, Params], Fitted]:
    """Return the fit function for one of implicit's solvers."""

    def fit(liked: sp.csr_matrix, params: Params) -> Fitted:
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        # implicit recommends this, because its own threads call BLAS.
        threadpool_limits(1, "blas")
        users, films = mean_regularization(liked, params)
        model = AlternatingLeastSquares(
            factors=params.factors,
            regularization=(users * films) ** 0.5,
            use_cg=use_cg,
            iterations=params.iterations,
            num_threads=params.threads,
            random_state=params.seed,
        )
        model.cg_steps = params.cg_steps
        # In place, because a copy would count toward implicit's memory.
        liked.data[:] = 1 + 1 / params.unobserved_weight
        laps = Laps()
        laps()
        model.fit(liked, show_progress=False, callback=laps)
        liked.data[:] = 1
        target = 1 + params.unobserved_weight
        return laps.fitted(model.user_factors, model.item_factors, target)

    return fit


def rusket(use_cholesky: bool) -> Callable[[sp.csr_matrix, Params], Fitted]:
    """Return the fit function for one of rusket's solvers."""

    def fit(liked: sp.csr_matrix, params: Params) -> Fitted:
        os.environ["RAYON_NUM_THREADS"] = str(params.threads)
        from rusket import ALS

        # The first fit imports more modules and starts the threads.
        ALS(factors=2, iterations=1).fit(sp.identity(2, dtype=np.float32, format="csr"))
        users, films = mean_regularization(liked, params)

        def trained(iterations: int) -> tuple[ALS, float, float]:
            start = time.perf_counter(), time.process_time()
            model = ALS(
                factors=params.factors,
                regularization=(users * films) ** 0.5,
                alpha=1 / params.unobserved_weight,
                iterations=iterations,
                seed=params.seed,
                cg_iters=params.cg_steps,
                use_cholesky=use_cholesky,
            ).fit(liked)
            return model, time.perf_counter() - start[0], time.process_time() - start[1]

        # rusket does not report individual iterations: the second half is the total minus the first half.
        half = max(params.iterations // 2, 1)
        _, *first = trained(half)
        model, *both = trained(2 * half)
        wall, cpu = ([a / half, (b - a) / half] for a, b in zip(first, both, strict=True))
        target = 1 + params.unobserved_weight
        return Fitted(model._user_factors, model._item_factors, target, wall, cpu)

    return fit


def lenskit(liked: sp.csr_matrix, params: Params) -> Fitted:
    """Train LensKit's model, which always solves exactly."""
    import pandas as pd
    from lenskit.als import ImplicitMFScorer
    from lenskit.data import from_interactions_df
    from lenskit.parallel import initialize
    from lenskit.training import TrainingOptions

    initialize(processes=1, threads=params.threads, backend_threads=params.threads)
    users, films = mean_regularization(liked, params)
    pairs = liked.tocoo()
    table = pd.DataFrame({"user_id": pairs.row, "item_id": pairs.col})
    n_users, n_films = liked.shape
    data = from_interactions_df(table, users=np.arange(n_users), items=np.arange(n_films))
    del pairs, table
    model = ImplicitMFScorer(
        embedding_size=params.factors,
        epochs=params.iterations,
        regularization={"user": users, "item": films},
        weight=1 / params.unobserved_weight,
    )
    trainer = model.create_trainer(data, TrainingOptions(rng=params.seed))
    laps = Laps()
    laps()
    for _ in range(params.iterations):
        trainer.train_epoch()
        laps()
    target = 1 + params.unobserved_weight
    return laps.fitted(model.user_embeddings, model.item_embeddings, target)


PEERS: dict[str, tuple[str, Callable[[sp.csr_matrix, Params], Fitted]]] = {
    "irspack-cholesky": ("irspack", irspack("CHOLESKY")),
    "irspack-cg": ("irspack", irspack("CG")),
    "implicit": ("implicit", implicit(use_cg=True)),
    "implicit-cholesky": ("implicit", implicit(use_cg=False)),
    "rusket": ("rusket", rusket(use_cholesky=False)),
    "rusket-cholesky": ("rusket", rusket(use_cholesky=True)),
    "lenskit": ("lenskit", lenskit),
}


def loss(liked: sp.csr_matrix, fitted: Fitted, unobserved_weight: float) -> float:
    """Return the objective without regularization, per observation; it is 1 before training."""
    users, films, target = fitted.users, fitted.films, fitted.target
    squares = (users.T @ users).astype(np.float64), (films.T @ films).astype(np.float64)
    everything = float(np.sum(squares[0] * squares[1])) / target**2
    observed = 0.0
    # Small blocks of rows, so that the loss does not determine the peak memory of the process.
    for first in range(0, len(users), 64):
        block = liked[first : first + 64]
        row = np.repeat(np.arange(first, first + block.shape[0]), np.diff(block.indptr))
        score = np.einsum("ij,ij->i", users[row], films[block.indices])
        observed += float(np.sum((score / target - 1) ** 2, dtype=np.float64))
    return (observed + unobserved_weight * everything) / liked.nnz


def split(data: Path, seen: Path, hidden: Path) -> Json:
    """Write nine tenths of the observations to `seen` and one tenth to `hidden`."""
    pairs = sp.load_npz(data).tocoo()
    chosen = np.random.default_rng(42).random(pairs.nnz) < 0.1
    for mask, out in ((~chosen, seen), (chosen, hidden)):
        part = pairs.data[mask], (pairs.row[mask], pairs.col[mask])
        sp.save_npz(out, sp.csr_matrix(part, shape=pairs.shape), compressed=False)
    return {"seen": int(np.count_nonzero(~chosen)), "hidden": int(np.count_nonzero(chosen))}


def recall(scores: Floats, seen: sp.csr_matrix, hidden: sp.csr_matrix) -> float:
    """Return the mean recall of hidden movies among each user's best unseen movies."""
    found = []
    for row in range(hidden.shape[0]):
        score = scores[row].copy()
        score[seen[row].indices] = -np.inf
        best = np.argpartition(-score, CHECKED_FILMS)[:CHECKED_FILMS]
        wanted = hidden[row].indices
        found.append(np.isin(best, wanted).sum() / min(CHECKED_FILMS, len(wanted)))
    return float(np.mean(found))


def check(seen: sp.csr_matrix, hidden: sp.csr_matrix, users: Floats, films: Floats) -> Json:
    """Return the recall of hidden movies for the model, and for a list of the most-liked movies."""
    tested = np.flatnonzero(np.diff(hidden.indptr))[:CHECKED_USERS]
    seen_by, hidden_from = seen[tested], hidden[tested]
    popular = np.asarray(seen.sum(axis=0), dtype=np.float32)
    everybody = np.broadcast_to(popular, (len(tested), seen.shape[1]))
    return {
        "recall": round(recall(users[tested] @ films.T, seen_by, hidden_from), 4),
        "recall_of_popular": round(recall(everybody, seen_by, hidden_from), 4),
    }


def check_files(seen: Path, hidden: Path, factors: Path) -> Json:
    """Return the result of `check` for factors that another program wrote row by row."""
    n_users, n_films = sp.load_npz(seen).shape
    users = np.fromfile(factors / "users.f32", dtype="<f4").reshape(n_users, -1)
    films = np.fromfile(factors / "films.f32", dtype="<f4").reshape(n_films, -1)
    return check(sp.csr_matrix(sp.load_npz(seen)), sp.csr_matrix(sp.load_npz(hidden)), users, films)


def prepare(ratings: Path, at_least: float, most: int, out: Path) -> Json:
    """Write the matrix of users and the movies they liked, both in ID order.

    If there are more than `most` likes, a random sample of that size is used.
    """
    import pandas as pd

    columns = {"userId": "uint32", "movieId": "uint32", "rating": "float32"}
    table = pd.read_csv(ratings, usecols=list(columns), dtype=columns)
    # All users and movies with a rating, as in CineMatch's vocabulary.
    user_ids, users = np.unique(table["userId"], return_inverse=True)
    movie_ids, films = np.unique(table["movieId"], return_inverse=True)
    liked = table["rating"].to_numpy() >= at_least
    extra = np.count_nonzero(liked) - most
    if extra > 0:
        draw = np.random.default_rng(42)
        liked[draw.choice(np.flatnonzero(liked), extra, replace=False)] = False
    pairs = users[liked], films[liked]
    ones = np.ones(len(pairs[0]), dtype=np.float32)
    matrix = sp.csr_matrix((ones, pairs), shape=(len(user_ids), len(movie_ids)))
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    sp.save_npz(out, matrix, compressed=False)
    return shape(matrix)


def shape(liked: sp.csr_matrix) -> Json:
    """Return the numbers of interactions, users and movies."""
    return {"interactions": liked.nnz, "users": liked.shape[0], "films": liked.shape[1]}


def measure(peer: str, data: Path, params: Params, hidden: Path | None) -> Json:
    """Train a library's model and return the duration of each iteration."""
    package, fit = PEERS[peer]
    start = time.perf_counter()
    liked = sp.csr_matrix(sp.load_npz(data))
    load_seconds = time.perf_counter() - start
    fitted = fit(liked, params)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    summary = {
        "peer": peer,
        "version": version(package),
        **shape(liked),
        **params._asdict(),
        "load_seconds": round(load_seconds, 4),
        "seconds_per_iteration": [round(seconds, 4) for seconds in fitted.wall],
        "cpu_seconds_per_iteration": [round(seconds, 4) for seconds in fitted.cpu],
        "peak_bytes": peak,
        "loss": round(loss(liked, fitted, params.unobserved_weight), 6),
    }
    if hidden is None:
        return summary
    hidden_films = sp.csr_matrix(sp.load_npz(hidden))
    return summary | check(sp.csr_matrix(sp.load_npz(data)), hidden_films, fitted.users, fitted.films)


def main() -> None:
    """Prepare, split or check data, or train a model, and print a JSON summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("prepare", help="convert ratings.csv to the .npz file")
    command.add_argument("--ratings", type=Path, required=True)
    command.add_argument("--at-least", type=float, default=3.0)
    command.add_argument("--most", type=int, default=20_000_000)
    command.add_argument("--out", type=Path, required=True)
    command = commands.add_parser("split", help="hide a tenth of the .npz file")
    command.add_argument("--data", type=Path, required=True)
    command.add_argument("--seen", type=Path, required=True)
    command.add_argument("--hidden", type=Path, required=True)
    command = commands.add_parser("check", help="measure the recall of hidden interactions for given factors")
    command.add_argument("--seen", type=Path, required=True)
    command.add_argument("--hidden", type=Path, required=True)
    command.add_argument("--factors", type=Path, required=True)
    for peer in PEERS:
        command = commands.add_parser(peer, help="train on the .npz file")
        command.add_argument("--data", type=Path, required=True)
        command.add_argument("--factors", type=int, default=64)
        command.add_argument("--iterations", type=int, default=4)
        command.add_argument("--threads", type=int, default=os.cpu_count())
        command.add_argument("--unobserved-weight", type=float, default=0.1)
        command.add_argument("--regularization", type=float, default=0.003)
        command.add_argument("--cg-steps", type=int, default=3)
        command.add_argument("--seed", type=int, default=42)
        command.add_argument("--hidden", type=Path, help="hidden interactions to measure the recall of")
    args = parser.parse_args()
    match args.command:
        case "prepare":
            summary = prepare(args.ratings, args.at_least, args.most, args.out)
        case "split":
            summary = split(args.data, args.seen, args.hidden)
        case "check":
            summary = check_files(args.seen, args.hidden, args.factors)
        case peer:
            params = Params(*(getattr(args, name) for name in Params._fields))
            summary = measure(peer, args.data, params, args.hidden)
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
