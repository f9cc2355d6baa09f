"""Recommend movies over HTTP from CineMatch's own artifacts, doing the same work as its server.

It uses FastAPI, numpy and scipy. Scores, order, reasons and the reply format match those of `cinematch
serve`. Requests with fields other than those below are rejected. There are no genre synonyms and no
watchlists, and a new generation requires a restart.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
import uvicorn
from fastapi import FastAPI, HTTPException, Response
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

ARTIFACTS = "CINEMATCH_ARTIFACTS"
LIKED, DISLIKED = 1.0, -0.7
QUALITY_WEIGHT = 0.15
AVERAGE_SHARE, WORST_AVERAGE, BEST_AVERAGE = 0.65, 4.5, 8.7
GENRE_WEIGHT = 0.12
POOL = 100
DIVERSITY, COLD_START_DIVERSITY = 0.15, 0.5
# Calibration to the user's genres: weight of the best-calibrated movie, share of the user's genre mix that
# is added to the list's mix, and tolerance for equal values.
USUAL_LIKENESS, MIXED_IN, ROUNDING = 0.3, 0.01, 1e-5
NAMED_FILMS, NAMED_FEATURES = 3, 6
SPOKEN_FEATURES, SPOKEN_GENRES = 4, 2
NOTICEABLE = 0.004
GOOD_AVERAGE = 6.0
NOTHING_TO_SAY = "No reasons yet: like or rate a few films to see some"

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]
Json = dict[str, Any]


class Request(BaseModel):
    """A request: user, history, preferences and filters."""

    model_config = ConfigDict(extra="forbid")

    user_id: str = "default_user"
    liked_movie_ids: list[int] = []
    disliked_movie_ids: list[int] = []
    preferred_genres: list[str] = []
    runtime_min: int | None = None
    runtime_max: int | None = None
    limit: int = Field(20, ge=1, le=100)


class History(NamedTuple):
    """Rows of the movies in a user's history, and the weights of their similarities in a score."""

    rows: Rows
    weights: Floats


def rounded(values: Floats) -> list[float]:
    """Convert to Python numbers, rounded to the precision of float32."""
    return values.astype(np.float64).round(7).tolist()


def quality_of(movies: list[Json]) -> Floats:
    """Return the quality of each movie: its Bayesian average vote and its number of votes."""
    count = np.array([movie["vote_count"] or 0 for movie in movies], dtype=np.float64)
    average = np.array([movie["vote_average"] for movie in movies], dtype=np.float64)
    rated = (count > 0) & ~np.isnan(average)
    if not rated.any():
        return np.zeros(len(movies), dtype=np.float32)
    mean = average[rated].mean()
    counts = np.sort(count[rated])
    enough = counts[len(counts) * 3 // 4]
    average = np.where(np.isnan(average), mean, average)
    bayesian = (count * average + enough * mean) / (count + enough)
    grade = ((bayesian - WORST_AVERAGE) / (BEST_AVERAGE - WORST_AVERAGE)).clip(0, 1)
    popularity = np.log1p(count) / np.log1p(counts[-1])
    quality = AVERAGE_SHARE * grade + (1 - AVERAGE_SHARE) * popularity
    return np.where(count > 0, quality, 0).astype(np.float32)


def genre_shares(movies: list[Json]) -> dict[str, Floats]:
    """Return each movie's bonus for a preferred genre, which is lower for movies with many genres."""
    shares: dict[str, Floats] = {}
    for row, movie in enumerate(movies):
        for genre in movie["genres"]:
            share = shares.setdefault(genre, np.zeros(len(movies), dtype=np.float32))
            share[row] = GENRE_WEIGHT / np.sqrt(len(movie["genres"]))
    return shares


def genre_mixes(movies: list[Json]) -> Floats:
    """Return the genre mix of each movie: shares that sum to 1, or zeros for a movie without genres."""
    names = sorted({genre for movie in movies for genre in movie["genres"]})
    column = {name: place for place, name in enumerate(names)}
    mixes = np.zeros((len(movies), len(names)), dtype=np.float32)
    for row, movie in enumerate(movies):
        for genre in movie["genres"]:
            mixes[row, column[genre]] = 1 / len(movie["genres"])
    return mixes


def item_of(movie: Json) -> Json:
    """Return a movie in reply format."""
    poster = movie["poster_path"]
    return {
        "movie_id": movie["movie_id"],
        "tmdb_id": movie["tmdb_id"],
        "imdb_id": movie["imdb_id"],
        "title": movie["title"],
        "year": movie["year"],
        "runtime": movie["runtime"],
        "overview": movie["overview"],
        "genres": movie["genres"],
        "services": movie["services"],
        "services_source": movie["services_source"],
        "poster_url": poster and f"https://image.tmdb.org/t/p/w500{poster}",
        "poster_path": poster,
        "original_language": movie["original_language"],
        "vote_average": movie["vote_average"],
        "vote_count": movie["vote_count"],
        "popularity": movie["popularity"],
        "director": ", ".join(movie["directors"]) or None,
        "cast": movie["cast"],
        "keywords": movie["keywords"],
    }


def in_common(shared: list[Json]) -> str:
    """Name the shared features of two movies: specific features first, then genres."""
    noticed = [
        feature
        for feature in shared
        if feature["contribution"] >= NOTICEABLE / 4 and feature["block"] not in ("era", "numeric")
    ]
    particular = [feature["name"] for feature in noticed if feature["block"] != "genre"]
    general = [feature["name"] for feature in noticed if feature["block"] == "genre"]
    names: list[str] = []
    said: set[str] = set()
    for name in particular + general[:SPOKEN_GENRES]:
        # Skip "los" from an overview if the keyword "los angeles" is named.
        if name.lower() not in said:
            names.append(name)
            said.update([name.lower(), *name.lower().split(" ")])
    return ", ".join(names[:SPOKEN_FEATURES])


def explanation(reasons: list[Json]) -> str:
    """Describe the positive reasons for a movie in one line: movies, preferences, then votes."""
    films, genres, votes = [], [], []
    for reason in reasons:
        if reason["contribution"] < NOTICEABLE:
            continue
        match reason["kind"]:
            case "film":
                said = "you liked " if reason["feedback"] == "liked" else "unlike "
                what = in_common(reason["shared"])
                films.append(said + reason["title"] + (what and f": {what}"))
            case "genre":
                genres.append(f"you prefer {reason['name']}")
            case "quality" if (reason["vote_average"] or 0) >= GOOD_AVERAGE:
                plural = "vote" if reason["vote_count"] == 1 else "votes"
                average = np.float32(reason["vote_average"])
                votes.append(f"{average:.1f} from {reason['vote_count']} {plural}")
    line = " • ".join(films + genres + votes)
    return line[0].upper() + line[1:] if line else NOTHING_TO_SAY


def sources(reasons: list[Json]) -> list[str]:
    """Return the kinds of the positive reasons for a movie, strongest first."""
    source = {"film": "content", "other_films": "content", "genre": "genres", "quality": "quality"}
    return list(dict.fromkeys(source[r["kind"]] for r in reasons if r["contribution"] > 0))


class Recommender:
    """The trained artifacts, laid out for scoring."""

    def __init__(self, artifacts: Path) -> None:
        """Load the artifacts and compute the terms of scores that do not depend on the user."""

        def read(name: str) -> Any:
            return json.loads((artifacts / name).read_text(encoding="utf-8"))

        movies = read("movies_meta.json")
        features = read("ranking_features.json")
        self.model_id = read("manifest.json")["model_id"]
        self.names = features["names"]
        self.kinds = [
            block["kind"]
            for block in features["blocks"]
            for _ in range(block["start"], block["end"])
        ]
        # The dot product of two rows is the similarity of the movies, 0 to 1.
        self.rows = sp.csr_array(sp.load_npz(artifacts / "ranking_features.npz"))
        # Features × movies: scoring reads only movies that share a feature with the user's history.
        self.films_of = self.rows.T.tocsr()
        self.items = [item_of(movie) for movie in movies]
        self.row_of = {movie["movie_id"]: row for row, movie in enumerate(movies)}
        self.runtime = np.array([movie["runtime"] for movie in movies], dtype=np.float32)
        self.quality = QUALITY_WEIGHT * quality_of(movies)
        self.genre_share = genre_shares(movies)
        self.genre_mixes = genre_mixes(movies)

    def history(self, request: Request) -> tuple[History, list[int]]:
        """Return the history in a request, and the IDs of its unknown movies."""
        # If a movie is liked and disliked, the dislike counts.
        spoken = dict.fromkeys(request.liked_movie_ids, LIKED)
        spoken |= dict.fromkeys(request.disliked_movie_ids, DISLIKED)
        known = {self.row_of[id]: weight for id, weight in spoken.items() if id in self.row_of}
        weights = np.array(list(known.values()), dtype=np.float32)
        if known:
            weights *= np.abs(weights).sum() ** -0.75
        unknown = [id for id in spoken if id not in self.row_of]
        return History(np.array(list(known), dtype=np.intp), weights), unknown

    def preferred(self, request: Request) -> dict[str, Floats]:
        """Return each movie's bonus for each preferred genre."""
        genres = sorted({genre.lower() for genre in request.preferred_genres})
        if unknown := [genre for genre in genres if genre not in self.genre_share]:
            raise HTTPException(422, f"unknown genres: {', '.join(unknown)}")
        return {genre: self.genre_share[genre] / np.sqrt(len(genres)) for genre in genres}

    def scores(self, history: History, preferred: dict[str, Floats]) -> Floats:
        """Score all movies: quality, preferred genres and similarity to the history."""
        score = self.quality.copy()
        for share in preferred.values():
            score += share
        if len(history.rows):
            films = self.rows[history.rows]
            weights = films.data * np.repeat(history.weights, np.diff(films.indptr))
            columns, place = np.unique(films.indices, return_inverse=True)
            profile = np.bincount(place, weights).astype(np.float32)
            score += self.films_of[columns].T @ profile
        return score

    def best(self, score: Floats, allowed: NDArray[np.bool]) -> Rows:
        """Return the best movies, from which `diverse` chooses; ties go to the first row."""
        score = np.where(allowed, score, -np.inf)
        bar = np.partition(score, -POOL)[-POOL] if len(score) > POOL else -np.inf
        films = np.flatnonzero((score >= bar) & (score > -np.inf))
        return films[np.argsort(-score[films], kind="stable")][:POOL]

    def diverse(
        self, pool: Rows, score: Floats, diversity: float, limit: int, history: History
    ) -> Rows:
        """Choose movies one by one by score, dissimilarity to the chosen ones (MMR) and closeness of the list
        to the user's genre mix (calibration)."""
        if len(pool) < 3:
            return pool[:limit]
        relevance = score[pool] - score[pool[-1]]
        gain = (1 - diversity) * relevance / max(relevance[0], np.finfo(np.float32).tiny)
        films = self.rows[pool]
        likeness = diversity * (films @ films.T).toarray()
        alike = np.zeros_like(gain)
        mix = self.genre_mixes[history.rows[history.weights > 0]].sum(axis=0)
        wanted = np.flatnonzero(mix)
        share = mix[wanted] / max(mix.sum(), np.finfo(np.float32).tiny)
        genres = self.genre_mixes[pool]
        bare = ~genres.any(axis=1)
        genres, of_list, n_films = genres[:, wanted], np.zeros_like(share), 0
        waiting = np.ones(len(pool), dtype=bool)
        chosen = []
        for _ in range(min(limit, len(pool))):
            value = gain - alike
            if len(wanted):
                keep = np.float32(1 - MIXED_IN)
                with_it = keep / (n_films + 1) * (of_list + genres) + MIXED_IN * share
                nearness = np.log(with_it) @ share
                nearness[bare] = np.log(keep / max(n_films, 1) * of_list + MIXED_IN * share) @ share
                least, most = nearness[waiting].min(), nearness[waiting].max()
                if most - least > ROUNDING:
                    value += diversity * USUAL_LIKENESS * (nearness - least) / (most - least)
            value[~waiting] = -np.inf
            pick = value.argmax()
            chosen.append(pick)
            waiting[pick] = False
            np.maximum(alike, likeness[pick], out=alike)
            of_list += genres[pick]
            n_films += int(not bare[pick])
        return pool[chosen]

    def film_reasons(self, page: Rows, history: History) -> list[list[Json]]:
        """Return the contributions of the movies in the history to the score of each movie on the page."""
        n = len(history.rows)
        if not n or not len(page):
            return [[] for _ in page]
        # One row per pair of movies, with their shared features: its sum is the pair's contribution.
        common = self.rows[np.repeat(page, n)].multiply(self.rows[np.tile(history.rows, len(page))])
        factor = np.tile(history.weights, len(page))
        parts = (common.sum(axis=1) * factor).reshape(len(page), n)
        pair = np.repeat(np.arange(len(factor)), np.diff(common.indptr))
        strongest = np.lexsort((-common.data, pair))
        columns = common.indices[strongest].tolist()
        contributions = rounded((common.data * factor[pair])[strongest])
        starts = common.indptr.tolist()

        def shared(pair: int) -> list[Json]:
            most = range(starts[pair], min(starts[pair + 1], starts[pair] + NAMED_FEATURES))
            return [
                {
                    "block": self.kinds[columns[at]],
                    "name": self.names[columns[at]],
                    "contribution": contributions[at],
                }
                for at in most
            ]

        order = np.argsort(-np.abs(parts), axis=1, kind="stable")
        rest = np.take_along_axis(parts, order[:, NAMED_FILMS:], axis=1).sum(axis=1)
        named = order[:, :NAMED_FILMS].tolist()
        spoken = [self.items[row] for row in history.rows.tolist()]
        feedback = ["liked" if weight > 0 else "disliked" for weight in history.weights.tolist()]
        reasons = []
        for place, (of_film, of_rest) in enumerate(zip(rounded(parts), rounded(rest), strict=True)):
            films: list[Json] = [
                {
                    "kind": "film",
                    "movie_id": spoken[at]["movie_id"],
                    "title": spoken[at]["title"],
                    "feedback": feedback[at],
                    "contribution": of_film[at],
                    "shared": shared(place * n + at),
                }
                for at in named[place]
            ]
            if n > NAMED_FILMS:
                others = {"films": n - NAMED_FILMS, "contribution": of_rest}
                films.append({"kind": "other_films", **others})
            reasons.append(films)
        return reasons

    def reasons(self, page: Rows, history: History, preferred: dict[str, Floats]) -> list[list[Json]]:
        """Return the contributions to the score of each movie on the page, largest first."""
        shares = {genre: rounded(share[page]) for genre, share in preferred.items()}
        quality = rounded(self.quality[page])
        reasons = self.film_reasons(page, history)
        for place, (row, parts) in enumerate(zip(page.tolist(), reasons, strict=True)):
            for genre, share in shares.items():
                if share[place] > 0:
                    part = {"name": genre, "contribution": share[place]}
                    parts.append({"kind": "genre", **part})
            if quality[place] > 0:
                item = self.items[row]
                votes = {name: item[name] for name in ("vote_average", "vote_count")}
                parts.append({"kind": "quality", **votes, "contribution": quality[place]})
            parts.sort(key=lambda part: -abs(part["contribution"]))
        return reasons

    def recommend(self, request: Request) -> Json:
        """Rank the movies, diversify the best and explain their scores."""
        history, unknown = self.history(request)
        preferred = self.preferred(request)
        unseen = np.ones(len(self.items), dtype=bool)
        unseen[history.rows] = False
        allowed = unseen.copy()
        # A missing runtime is NaN, for which comparisons are false.
        if request.runtime_min is not None:
            allowed &= self.runtime >= request.runtime_min
        if request.runtime_max is not None:
            allowed &= self.runtime <= request.runtime_max

        score = self.scores(history, preferred)
        diversity = DIVERSITY if len(history.rows) else COLD_START_DIVERSITY
        pool = self.best(score, allowed)
        page = self.diverse(pool, score, diversity, request.limit, history)
        reasons = self.reasons(page, history, preferred)
        recommendations = [
            {
                **self.items[row],
                "score": score,
                "explanation": explanation(of_film),
                "reasons": of_film,
                "sources": sources(of_film),
            }
            for row, score, of_film in zip(page.tolist(), rounded(score[page]), reasons, strict=True)
        ]
        reply = {
            "recommendations": recommendations,
            "count": len(page),
            "user_id": request.user_id,
            "model_id": self.model_id,
        }
        if unknown:
            reply["unknown_movie_ids"] = unknown
        if len(page) < request.limit:
            removed = {"seen": len(history.rows), "runtime": int((unseen & ~allowed).sum())}
            reply["shortfall"] = {
                "requested": request.limit,
                "offset": 0,
                "returned": len(page),
                "removed_by": {name: films for name, films in removed.items() if films},
            }
        return reply


def create_app() -> FastAPI:
    """Build the application; each worker process calls this once."""
    recommender = Recommender(Path(os.environ[ARTIFACTS]))
    app = FastAPI(title="CineMatch peer, tuned")

    # Scoring is short and CPU-bound, so it is faster on the event loop than in a thread. pydantic writes a
    # 50 kB reply in a third of the time that the json module takes.
    @app.post("/api/recommendations")
    async def recommendations(request: Request) -> Response:
        return Response(to_json(recommender.recommend(request)), media_type="application/json")

    @app.get("/health")
    async def health() -> dict[str, str | int]:
        return {"status": "ok", "num_items": len(recommender.items)}

    return app


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    os.environ[ARTIFACTS] = str(args.artifacts.resolve())
    uvicorn.run(
        "serve_tuned:create_app",
        factory=True,
        app_dir=str(Path(__file__).parent),
        port=args.port,
        workers=args.workers,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
