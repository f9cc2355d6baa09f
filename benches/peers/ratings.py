"""Read ratings.csv into memory with polars or DuckDB, and with --sort sort it as CineMatch does.

Sorting keeps the last row for each user and movie. The result is sorted by user and movie, with a
copy sorted by movie and user.
"""

import argparse
import json
import time
from pathlib import Path

# With the pinned versions, the fastest method by far is to sort and then compare adjacent rows, instead of
# `unique`, GROUP BY or a window over each pair.


def read_polars(path: Path, sort: bool) -> tuple[int, float]:
    """Read with polars; return the number of ratings and the seconds, excluding imports."""
    import polars as pl

    start = time.perf_counter()
    schema = {
        "userId": pl.UInt32, "movieId": pl.UInt32, "rating": pl.Float32, "timestamp": pl.Int64,
    }  # fmt: skip
    ratings = pl.read_csv(path, schema=schema)
    if sort:
        pair = ["userId", "movieId"]
        ratings = ratings.sort(pair, maintain_order=True)
        differs = [(pl.col(name) != pl.col(name).shift(-1)).fill_null(True) for name in pair]
        ratings = ratings.filter(pl.any_horizontal(differs))
        by_movie = ratings.select("movieId", "userId", "rating").sort(
            "movieId", maintain_order=True
        )
        assert by_movie.height == ratings.height
    return ratings.height, time.perf_counter() - start


def read_duckdb(path: Path, sort: bool) -> tuple[int, float]:
    """Read with DuckDB; return the number of ratings and the seconds, excluding imports."""
    import duckdb

    start = time.perf_counter()
    # DuckDB uses one thread per core by default.
    database = duckdb.connect()
    database.execute(
        """
        CREATE TABLE ratings AS SELECT * FROM read_csv(
            ?, header = true, auto_detect = false, columns = {
                'userId': 'UINTEGER', 'movieId': 'UINTEGER', 'rating': 'FLOAT', 'timestamp': 'BIGINT'
            })
        """,
        [str(path)],
    ).fetchall()
    table = "ratings"
    if sort:
        for statement in (
            "CREATE TABLE sorted AS SELECT * FROM ratings ORDER BY userId, movieId, rowid",
            "DROP TABLE ratings",
            # The rows of a table are in insertion order, here and below.
            """
            CREATE TABLE by_user AS SELECT userId, movieId, rating, timestamp
            FROM (SELECT *, lead(userId) OVER () AS user, lead(movieId) OVER () AS movie FROM sorted)
            WHERE user IS DISTINCT FROM userId OR movie IS DISTINCT FROM movieId
            """,
            "DROP TABLE sorted",
            """
            CREATE TABLE by_movie AS SELECT movieId, userId, rating
            FROM by_user ORDER BY movieId, userId
            """,
        ):
            database.execute(statement).fetchall()
        table = "by_movie"
    [(rows,)] = database.execute(f"SELECT count(*) FROM {table}").fetchall()
    return rows, time.perf_counter() - start


def main() -> None:
    """Read the ratings and print a JSON summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    readers = {"polars": read_polars, "duckdb": read_duckdb}
    parser.add_argument("library", choices=readers)
    parser.add_argument("--ratings", type=Path, required=True)
    parser.add_argument("--sort", action="store_true")
    args = parser.parse_args()
    rows, seconds = readers[args.library](args.ratings, args.sort)
    print(json.dumps({"rows": rows, "seconds": round(seconds, 4)}))


if __name__ == "__main__":
    main()
