"""Compare CineMatch's feature artifacts with features computed by scikit-learn."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler

from compare import close, close_dense, close_sparse, differ, report, same, same_names
from merged import NUMERIC, Merged, read_merged


def refuse_constant(name: str) -> NoReturn:
    """Reject NaN and infinities, which are invalid in JSON."""
    differ("JSON number", "a finite one", name)


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Read a JSON file without NaN or infinities."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse_constant)
    except ValueError as error:
        differ(path.name, "strict JSON", error)


def read_matrix(path: Path) -> sp.csr_matrix:
    """Read the item features, check their format and return them."""
    matrix = sp.load_npz(path)
    same(f"{path.name} format", "csr", matrix.format)
    same(f"{path.name} dtype", np.dtype("float64"), matrix.dtype)
    stored = matrix.nnz
    matrix.sum_duplicates()
    same(f"{path.name} entries, each once", matrix.nnz, stored)
    for k in np.flatnonzero(~np.isfinite(matrix.data)):
        row = np.searchsorted(matrix.indptr, k, side="right") - 1
        differ(
            f"{path.name} row {row} column {matrix.indices[k]}", "a finite number", matrix.data[k]
        )
    return matrix


def check_params(params: dict[str, Any], vectorizer: TfidfVectorizer) -> None:
    """Compare stored parameters that have equal names in scikit-learn."""
    for name, expected in vectorizer.get_params().items():
        if name in params and name != "dtype":
            got = params[name]
            same(f"tfidf parameter {name}", expected, tuple(got) if isinstance(got, list) else got)


def check_vocabulary(
    vocabulary: dict[str, int], settings: dict[str, Any], max_features: int | None, texts: list[str]
) -> tuple[list[str], int]:
    """Compare terms except ties at the cutoff. Return CineMatch's terms and the number of differences."""
    terms = sorted(vocabulary)
    for index, term in enumerate(terms):
        same(f"vocabulary index of {term!r}", index, vocabulary[term])

    fitted = TfidfVectorizer(max_features=max_features, **settings).fit(texts)
    expected, got = set(fitted.vocabulary_), set(terms)
    if expected == got:
        return terms, 0
    counter = CountVectorizer(**settings)
    totals = counter.fit_transform(texts).sum(axis=0).A1
    frequency = {term: int(totals[column]) for term, column in counter.vocabulary_.items()}
    cut = min(frequency[term] for term in expected)
    for term in sorted(expected - got):
        if frequency[term] > cut:
            differ("vocabulary", f"{term!r} of frequency {frequency[term]} > {cut}", "no such term")
    for term in sorted(got - expected):
        if frequency.get(term) != cut:
            found = f"{term!r} of frequency {frequency.get(term, 0)}"
            differ("vocabulary", f"only terms of frequency >= {cut}", found)
    same(f"number of terms tied at frequency {cut}", len(expected - got), len(got - expected))
    return terms, len(got - expected)


def check_scaler(stored: dict[str, Any], movies: Merged) -> np.ndarray:
    """Compare the scaler and return the expected numeric block."""
    scaler = StandardScaler().fit(movies.numbers)
    same("scaler features", NUMERIC, stored["features"])
    same("scaler n_samples", len(movies.numbers), stored["n_samples"])
    close("scaler median", movies.median, stored["median"], NUMERIC)
    close("scaler mean", scaler.mean_, stored["mean"], NUMERIC)
    close("scaler var", scaler.var_, stored["var"], NUMERIC)
    close("scaler scale", scaler.scale_, stored["scale"], NUMERIC)
    return scaler.transform(movies.numbers)


def check(args: argparse.Namespace) -> str:
    """Compare all artifacts and return a summary."""
    movies = read_merged(args.merged)
    tfidf = read_json(args.artifacts / "tfidf_vectorizer.json")
    classes = read_json(args.artifacts / "genre_mlb.json")["classes"]
    matrix = read_matrix(args.artifacts / "item_features.npz")
    meta = read_json(args.artifacts / "movies_meta.json")

    same("movies_meta.json type", list, type(meta))
    same("movies_meta.json length", len(movies.movie_ids), len(meta))
    for row, (movie_id, entry) in enumerate(zip(movies.movie_ids, meta, strict=True)):
        same(f"movies_meta.json row {row} movie_id", movie_id, entry["movie_id"])

    settings = {
        "ngram_range": (1, args.ngram_max),
        "min_df": args.min_df,
        "stop_words": None if args.stop_words == "none" else args.stop_words,
    }
    terms, n_ties = check_vocabulary(tfidf["vocabulary"], settings, args.max_features, movies.texts)
    check_params(tfidf["params"], TfidfVectorizer(max_features=args.max_features, **settings))

    # With CineMatch's terms, a different choice among ties has no effect below.
    vectorizer = TfidfVectorizer(vocabulary=terms, **settings)
    text = vectorizer.fit_transform(movies.texts)
    close("idf", vectorizer.idf_, tfidf["idf"], terms)

    binarizer = MultiLabelBinarizer(sparse_output=True)
    genres = binarizer.fit_transform(movies.genres)
    same_names("genre classes", binarizer.classes_.tolist(), classes)
    numeric = check_scaler(read_json(args.artifacts / "numeric_scaler.json"), movies)

    genres_at, numeric_at = len(terms), len(terms) + len(classes)
    shape = (len(movies.movie_ids), numeric_at + len(NUMERIC))
    same("item_features.npz shape", shape, matrix.shape)
    close_sparse("TF-IDF", text, matrix[:, :genres_at], terms)
    close_sparse("genres", genres, matrix[:, genres_at:numeric_at], classes)
    close_dense("numeric", numeric, matrix[:, numeric_at:].toarray(), NUMERIC)
    return (
        f"{shape[0]} movies, {len(terms)} terms ({n_ties} tied at the cut differ), "
        f"{len(classes)} genres, {matrix.nnz} stored values"
    )


def main() -> int:
    """Run the check and report the outcome."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--merged", type=Path, required=True)
    parser.add_argument("--artifacts", type=Path, required=True)
    parser.add_argument("--max-features", type=int, default=500)
    parser.add_argument("--ngram-max", type=int, default=2)
    parser.add_argument("--min-df", type=int, default=1)
    parser.add_argument("--stop-words", choices=["english", "none"], default="english")
    args = parser.parse_args()
    return report(lambda: check(args))


if __name__ == "__main__":
    sys.exit(main())
