"""Merge MovieLens titles with TMDB metadata, with pandas."""

import argparse
import json
import re
import time
from itertools import compress
from pathlib import Path

import numpy as np
import pandas as pd

# The last year or range of years in parentheses, and the text before and after it.
DATED = r"^(?s:(.*)\((\d{4})(?:[-–]\d{0,4})?\)(.*))$"
# One level of nesting, as in "To Have, or Not (En avoir (ou pas))".
GROUP = r"\((?:[^()]|\([^()]*\))*\)"
TITLE_AND_GROUPS = rf"^(.+?)((?:\s*{GROUP})*)\s*$"
ARTICLES = (
    "The|A|An|La|Le|Les|L'|El|Los|Las|Il|Lo|Gli|Un|Une|Una|Der|Die|Das|Ein|Eine|En|De|Det|Den|Het"
)
TRAILING_ARTICLE = re.compile(rf"^(.+), ({ARTICLES})$")
NO_GENRES = "(no genres listed)"
SERVICES = ["Netflix", "Prime Video", "Disney+", "Hulu", "Max", "Apple TV+"]
COLUMNS = [
    "movieId", "tmdbId", "imdbId", "title", "year", "genres", "overview", "runtime", "popularity",
    "vote_count", "vote_average", "keywords", "cast_top", "director", "services", "alt_titles",
]  # fmt: skip
TMDB = [
    "tmdb_id", "overview", "runtime", "popularity", "vote_count", "vote_average",
    "keywords", "cast_top", "director",
]  # fmt: skip


def move_article(title: str) -> str:
    """Turn "Matrix, The" into "The Matrix"."""
    match = TRAILING_ARTICLE.match(title)
    if match is None:
        return title
    rest, article = match.groups()
    return article + rest if article.endswith("'") else f"{article} {rest}"


def alternative_titles(groups: str) -> str:
    """Turn "(a.k.a. Se7en) (Seven, The)" into "Se7en|The Seven"."""
    names = (name[1:-1].strip() for name in re.findall(GROUP, groups))
    return "|".join(move_article(re.sub(r"^a\.?k\.?a\.?\s+", "", name)) for name in names if name)


def read_movies(path: Path, min_year: int) -> tuple[pd.DataFrame, int]:
    """Read movies.csv and split its titles; also return the number of rows read."""
    movies = pd.read_csv(path, dtype={"movieId": "int64", "title": "str", "genres": "str"})
    rows_read = len(movies)
    dated = movies["title"].str.extract(DATED)
    movies["title"] = (dated[0] + dated[2]).str.strip()
    movies["year"] = pd.to_numeric(dated[1]).astype("Int64")
    movies = movies[movies["year"] >= min_year].copy()

    parts = movies["title"].str.extract(TITLE_AND_GROUPS).fillna("")
    movies["title"] = parts[0].map(move_article)
    movies["alt_titles"] = parts[1].map(alternative_titles)
    movies["genres"] = movies["genres"].replace(NO_GENRES, "").str.lower()
    return movies, rows_read


def read_tmdb(path: Path) -> pd.DataFrame:
    """Read the TMDB records and replace impossible values with missing ones."""
    numbers = {"runtime": "float64", "vote_count": "float64"}
    tmdb = pd.read_csv(path, usecols=TMDB, dtype=numbers, keep_default_na=False, na_values=[""])
    tmdb["runtime"] = tmdb["runtime"].where(tmdb["runtime"] > 0).round().astype("Int64")
    tmdb["vote_count"] = tmdb["vote_count"].where(tmdb["vote_count"] >= 0).round().astype("Int64")
    tmdb["vote_average"] = tmdb["vote_average"].where(tmdb["vote_average"].between(0, 10))
    tmdb["popularity"] = tmdb["popularity"].where(tmdb["popularity"] >= 0)
    tmdb["overview"] = tmdb["overview"].str.strip()
    return tmdb.rename(columns={"tmdb_id": "tmdbId"}).drop_duplicates("tmdbId")


def mock_services(n_movies: int, seed: int) -> list[str]:
    """Draw invented streaming services for each movie; the same seed gives the same services."""
    offered = np.random.default_rng(seed).random((n_movies, len(SERVICES))) < 0.25
    return ["|".join(compress(SERVICES, row)) for row in offered.tolist()]


def main() -> None:
    """Write movies_merged.csv and print a JSON summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("movies", "links", "tmdb", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--min-year", type=int, default=1980)
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()

    start = time.perf_counter()
    movies, rows_read = read_movies(args.movies, args.min_year)
    links = pd.read_csv(args.links, dtype={"movieId": "int64", "imdbId": "str", "tmdbId": "Int64"})
    links = links.drop_duplicates("movieId")
    merged = movies.merge(links, on="movieId", how="left", validate="m:1")
    merged = merged.merge(read_tmdb(args.tmdb), on="tmdbId", how="left", validate="m:1")
    merged["services"] = mock_services(len(merged), args.seed)
    merged[COLUMNS].to_csv(args.out, index=False)

    summary = {
        "movies_read": rows_read,
        "movies_written": len(merged),
        "with_tmdb_id": int(merged["tmdbId"].notna().sum()),
        "with_overview": int(merged["overview"].notna().sum()),
        "with_runtime": int(merged["runtime"].notna().sum()),
        "with_genres": int((merged["genres"] != "").sum()),
        "seconds": round(time.perf_counter() - start, 3),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
