"""Compute the feature matrix for merged movies with scikit-learn: TF-IDF, genres, year and runtime."""

import argparse
import json
import pickle
import time
from pathlib import Path

import pandas as pd
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler

NUMERIC = ["year", "runtime"]
LISTS = ["genres", "services"]
META = ["movieId", "title", "year", "runtime", "overview", "genres", "services", "popularity"]


def split_lists(column: pd.Series) -> list[list[str]]:
    """Split "a|b" into ["a", "b"], and an empty cell into []."""
    return [cell.split("|") if cell else [] for cell in column.fillna("")]


def write_meta(movies: pd.DataFrame, path: Path) -> None:
    """Write the fields that the server returns for each movie, in the order of matrix rows."""
    meta = movies[META].rename(columns={"movieId": "movie_id"})
    for name in LISTS:
        meta[name] = split_lists(movies[name])
    meta.to_json(path, orient="records", force_ascii=False)


def main() -> None:
    """Fit the features, write the artifacts and print the seconds per stage as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--merged", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    seconds: dict[str, float] = {}
    last = start = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[stage], last = round(now - last, 3), now

    integers = {"year": "Int64", "runtime": "Int64"}
    movies = pd.read_csv(args.merged, dtype=integers, keep_default_na=False, na_values=[""])
    movies["title"] = movies["title"].fillna("")
    lap("read")

    vectorizer = TfidfVectorizer(max_features=500, ngram_range=(1, 2), stop_words="english")
    text = vectorizer.fit_transform(movies["overview"].fillna(movies["title"]))
    lap("tfidf")

    binarizer = MultiLabelBinarizer(sparse_output=True)
    genres = binarizer.fit_transform(split_lists(movies["genres"]))
    lap("genres")

    numbers = movies[NUMERIC].astype("float64")
    scaler = StandardScaler()
    numeric = scaler.fit_transform(numbers.fillna(numbers.median()).fillna(0.0))
    lap("numeric")

    features = sp.hstack([text, genres, sp.csr_matrix(numeric)], format="csr")
    sp.save_npz(args.out / "item_features.npz", features)
    lap("save_matrix")

    fitted = {"tfidf_vectorizer": vectorizer, "genre_mlb": binarizer, "numeric_scaler": scaler}
    for name, transformer in fitted.items():
        (args.out / f"{name}.pkl").write_bytes(pickle.dumps(transformer))
    write_meta(movies, args.out / "movies_meta.json")
    lap("save_rest")

    shape = {"n_movies": features.shape[0], "n_features": features.shape[1], "nnz": features.nnz}
    total = round(time.perf_counter() - start, 3)
    print(json.dumps(shape | {"seconds": seconds | {"total": total}}))


if __name__ == "__main__":
    main()
