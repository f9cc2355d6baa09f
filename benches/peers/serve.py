"""Recommend movies over HTTP: FastAPI, and numpy and scipy for the scoring."""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field
from sklearn.preprocessing import normalize

ARTIFACTS = "CINEMATCH_ARTIFACTS"
DISLIKE_WEIGHT = 0.5
GENRE_BONUS = 0.2
POPULARITY_BONUS = 0.1


class Request(BaseModel):
    """Whom to recommend to, and what may be shown."""

    user_id: str = "default_user"
    liked_movie_ids: list[int] = []
    disliked_movie_ids: list[int] = []
    preferred_genres: list[str] = []
    services: list[str] = []
    runtime_min: int | None = None
    runtime_max: int | None = None
    limit: int = Field(20, ge=1, le=100)


class Item(BaseModel):
    """One recommended movie."""

    movie_id: int
    title: str
    year: int | None
    runtime: int | None
    overview: str | None
    genres: list[str]
    services: list[str]
    score: float
    explanation: str


class Reply(BaseModel):
    """The recommended movies, best first."""

    recommendations: list[Item]
    count: int
    user_id: str


def columns_of(lists: list[list[str]]) -> dict[str, np.ndarray]:
    """Give each name in the lists a boolean column over the rows."""
    names = sorted({name for row in lists for name in row})
    columns = {name.lower(): np.zeros(len(lists), dtype=bool) for name in names}
    for row, names_in_row in enumerate(lists):
        for name in names_in_row:
            columns[name.lower()][row] = True
    return columns


class Recommender:
    """The trained artifacts, laid out for scoring."""

    def __init__(self, artifacts: Path) -> None:
        """Load the artifacts and normalise the matrix rows once."""
        matrix = sp.load_npz(artifacts / "item_features.npz").astype(np.float32)
        self.features = normalize(matrix)
        self.movies = json.loads((artifacts / "movies_meta.json").read_text(encoding="utf-8"))
        self.row_of = {movie["movie_id"]: row for row, movie in enumerate(self.movies)}
        genres = columns_of([movie["genres"] for movie in self.movies])
        self.genres = {name: column.astype(np.float32) for name, column in genres.items()}
        self.services = columns_of([movie["services"] for movie in self.movies])
        self.runtime = np.array([movie["runtime"] for movie in self.movies], dtype=np.float64)
        popularity = np.log1p([movie["popularity"] or 0.0 for movie in self.movies])
        bonus = POPULARITY_BONUS * popularity / max(popularity.max(), 1.0)
        self.popularity_bonus = bonus.astype(np.float32)

    def rows(self, movie_ids: list[int]) -> list[int]:
        """Look up matrix rows; unknown ids are left out."""
        return [self.row_of[movie_id] for movie_id in movie_ids if movie_id in self.row_of]

    def similarity(self, liked: list[int], disliked: list[int]) -> np.ndarray:
        """Give the cosine of every movie with the mean of liked minus half the mean of disliked."""
        profile = np.zeros(self.features.shape[1], dtype=np.float32)
        if liked:
            profile += self.features[liked].mean(axis=0).A1
        if disliked:
            profile -= DISLIKE_WEIGHT * self.features[disliked].mean(axis=0).A1
        return self.features @ (profile / (np.linalg.norm(profile) or 1.0))

    def allowed(self, request: Request, seen: list[int]) -> np.ndarray:
        """Mark the movies that pass every filter and have not been seen."""
        mask = np.ones(len(self.movies), dtype=bool)
        mask[seen] = False
        if request.services:
            columns = [
                self.services[s.lower()] for s in request.services if s.lower() in self.services
            ]
            mask &= np.logical_or.reduce(columns) if columns else False
        # A missing runtime is NaN, which is within no bound.
        if request.runtime_min is not None:
            mask &= self.runtime >= request.runtime_min
        if request.runtime_max is not None:
            mask &= self.runtime <= request.runtime_max
        return mask

    def recommend(self, request: Request) -> Reply:
        """Rank the allowed movies and describe the best."""
        liked, disliked = self.rows(request.liked_movie_ids), self.rows(request.disliked_movie_ids)
        preferred = [genre.lower() for genre in request.preferred_genres]
        similarity = self.similarity(liked, disliked)
        score = similarity + self.popularity_bonus
        for genre in preferred:
            if genre in self.genres:
                score += GENRE_BONUS / len(preferred) * self.genres[genre]

        candidates = np.flatnonzero(self.allowed(request, liked + disliked))
        if len(candidates) > request.limit:
            best = np.argpartition(-score[candidates], request.limit - 1)[: request.limit]
            candidates = candidates[best]
        candidates = candidates[np.argsort(-score[candidates], kind="stable")]

        items = []
        for row in candidates.tolist():
            movie = self.movies[row]
            reasons = []
            if liked and similarity[row] > 0:
                reasons.append("Similar to movies you liked")
            if matched := [genre for genre in movie["genres"] if genre in preferred]:
                reasons.append("Matches " + ", ".join(matched))
            if not reasons:
                reasons.append("Popular")
            items.append(
                Item(**movie, score=round(float(score[row]), 6), explanation=" • ".join(reasons))
            )
        return Reply(recommendations=items, count=len(items), user_id=request.user_id)


def create_app() -> FastAPI:
    """Build the application; each worker process calls this once."""
    recommender = Recommender(Path(os.environ[ARTIFACTS]))
    app = FastAPI(title="CineMatch peer")

    # Scoring is short and keeps the CPU busy: on the event loop it is faster than in a thread.
    @app.post("/api/recommendations")
    async def recommendations(request: Request) -> Reply:
        return recommender.recommend(request)

    @app.get("/health")
    async def health() -> dict[str, str | int]:
        return {"status": "ok", "num_items": len(recommender.movies)}

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
        "serve:create_app",
        factory=True,
        app_dir=str(Path(__file__).parent),
        port=args.port,
        workers=args.workers,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
