"""Check that CineMatch's pickles load as scikit-learn objects and that their methods work."""

import argparse
import pickle
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler

from compare import close_dense, close_sparse, differ, report, same, same_names
from merged import NUMERIC, read_merged


def attempt(what: str, action: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401
    """Call `action` and report an exception, or a warning raised as one, as a difference."""
    try:
        return action(*args)
    except Exception as error:  # noqa: BLE001
        differ(what, "no error or warning", f"{type(error).__name__}: {error}")


def load(path: Path, kind: type) -> Any:  # noqa: ANN401
    """Load a pickle, check its class and return the object."""
    loaded = attempt(f"loading {path.name}", pickle.loads, path.read_bytes())
    same(f"class in {path.name}", kind, type(loaded))
    attempt(f"repr of {path.name}", repr, loaded)
    return loaded


def refit(fitted: Any, x: Any) -> Any:  # noqa: ANN401
    """Fit a clone of an estimator and return it."""
    return clone(fitted).fit(x)


def check(args: argparse.Namespace) -> str:
    """Use each object through the scikit-learn API and return a summary."""
    movies = read_merged(args.merged)
    matrix = sp.load_npz(args.artifacts / "item_features.npz").tocsr()
    vectorizer = load(args.pickles / "tfidf_vectorizer.pkl", TfidfVectorizer)
    binarizer = load(args.pickles / "genre_mlb.pkl", MultiLabelBinarizer)
    scaler = load(args.pickles / "numeric_scaler.pkl", StandardScaler)

    terms = attempt("vectorizer names", vectorizer.get_feature_names_out).tolist()
    same_names("vectorizer names", sorted(vectorizer.vocabulary_), terms)
    genres = binarizer.classes_.tolist()
    scaler_names = attempt("scaler names", scaler.get_feature_names_out).tolist()
    same("number of scaler names", len(NUMERIC), len(scaler_names))
    same("matrix columns", len(terms) + len(genres) + len(NUMERIC), matrix.shape[1])

    # A scaler fitted with column names requires them.
    named = hasattr(scaler, "feature_names_in_")
    numbers = pd.DataFrame(movies.numbers, columns=NUMERIC) if named else movies.numbers
    text_block, genre_block, numeric_block = np.split(
        np.arange(matrix.shape[1]), [len(terms), len(terms) + len(genres)]
    )
    inputs = (movies.texts, movies.genres, numbers)

    def check_transforms(how: str, fitted: list[Any]) -> None:
        """Compare the output of the three objects with the stored matrix."""
        text, genre, numeric = (
            attempt(f"transform by {how} {type(one).__name__}", one.transform, x)
            for one, x in zip(fitted, inputs, strict=True)
        )
        close_sparse(f"{how} TF-IDF", matrix[:, text_block], text, terms)
        close_sparse(f"{how} genres", matrix[:, genre_block], sp.csr_matrix(genre), genres)
        close_dense(f"{how} numeric", matrix[:, numeric_block].toarray(), numeric, NUMERIC)

    fitted = [vectorizer, binarizer, scaler]
    check_transforms("loaded", fitted)
    check_transforms("pickled again", [pickle.loads(pickle.dumps(one)) for one in fitted])

    again = [
        attempt(f"fitting a clone of {type(one).__name__}", refit, one, x)
        for one, x in zip(fitted, inputs, strict=True)
    ]
    same("number of terms of a fitted clone", len(terms), len(again[0].vocabulary_))
    same_names("genres of a fitted clone", genres, again[1].classes_.tolist())
    numeric = matrix[:, numeric_block].toarray()
    close_dense("numeric by a fitted clone", numeric, again[2].transform(numbers), NUMERIC)
    return f"{matrix.shape[0]} movies, {len(terms)} terms, {len(genres)} genres, 3 pickles"


def main() -> int:
    """Run the check with warnings, including version mismatches, as errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("merged", "artifacts", "pickles"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    warnings.simplefilter("error")
    return report(lambda: check(args))


if __name__ == "__main__":
    sys.exit(main())
