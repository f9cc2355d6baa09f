"""Recommend movies over HTTP with FastAPI, filters on a pandas table and scikit-learn's cosine similarity."""

import argparse
import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field
from sklearn.metrics.pairwise import cosine_similarity

ARTIFACTS = "CINEMATCH_ARTIFACTS"
DISLIKE_WEIGHT = 0.5
GENRE_BONUS = 0.2
POPULARITY_BONUS = 0.1


class Request(BaseModel):
    """A request: user, history and filters."""

    user_id: str = "default_user"
    liked_movie_ids: list[int] = []
    disliked_movie_ids: list[int] = []
    preferred_genres: list[str] = []
    services: list[str] = []
    runtime_min: int | None = None
    runtime_max: int | None = None
    limit: int = Field(20, ge=1, le=100)


class Item(BaseModel):
    """A recommended movie."""

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


class Recommender:
    """Recommends movies from the trained artifacts."""

    def __init__(self, artifacts: Path) -> None:
        """Load the artifacts. Nullable columns preserve whole numbers and `None`."""
        self.features = sp.load_npz(artifacts / "item_features.npz")
        integers = {"year": "Int64", "runtime": "Int64"}
        self.movies = pd.read_json(artifacts / "movies_meta.json", orient="records", dtype=integers)
        self.movies["overview"] = self.movies["overview"].astype(object).where(
            self.movies["overview"].notna(), None
        )
        binarizer = pickle.loads((artifacts / "genre_mlb.pkl").read_bytes())
        genres = binarizer.transform(self.movies["genres"]).toarray()
        self.genres = pd.DataFrame(genres, columns=binarizer.classes_)
        self.row_of = dict(zip(self.movies["movie_id"], self.movies.index))
        popularity = np.log1p(self.movies["popularity"].fillna(0))
        self.popularity_bonus = POPULARITY_BONUS * popularity / max(popularity.max(), 1.0)

    def rows(self, movie_ids: list[int]) -> list[int]:
        """Look up matrix rows and skip unknown IDs."""
        return [self.row_of[movie_id] for movie_id in movie_ids if movie_id in self.row_of]

    def similarity(self, liked: list[int], disliked: list[int]) -> np.ndarray:
        """Return the cosine of each movie with the mean of likes minus half the mean of dislikes."""
        profile = np.zeros((1, self.features.shape[1]))
        if liked:
            profile += self.features[liked].mean(axis=0)
        if disliked:
            profile -= DISLIKE_WEIGHT * self.features[disliked].mean(axis=0)
        return cosine_similarity(np.asarray(profile), self.features)[0]

    def allowed(self, request: Request, seen: list[int]) -> pd.Series:
        """Mark the movies that pass every filter and have not been seen."""
        mask = ~self.movies.index.isin(seen)
        if request.services:
            wanted = {service.lower() for service in request.services}
            offers = self.movies["services"].map(
                lambda services: any(service.lower() in wanted for service in services)
            )
            mask &= offers
        # Exclude movies without a runtime if a bound is set.
        if request.runtime_min is not None:
            mask &= (self.movies["runtime"] >= request.runtime_min).fillna(False)
        if request.runtime_max is not None:
            mask &= (self.movies["runtime"] <= request.runtime_max).fillna(False)
        return mask

    def recommend(self, request: Request) -> Reply:
        """Rank the allowed movies and return the best of them with their details."""
        liked, disliked = self.rows(request.liked_movie_ids), self.rows(request.disliked_movie_ids)
        preferred = [genre.lower() for genre in request.preferred_genres]
        similarity = self.similarity(liked, disliked)
        score = pd.Series(similarity) + self.popularity_bonus
        for genre in preferred:
            if genre in self.genres:
                score += GENRE_BONUS / len(preferred) * self.genres[genre]
        best = score[self.allowed(request, liked + disliked)].nlargest(request.limit)

        items = []
        for row, movie in self.movies.loc[best.index].iterrows():
            reasons = []
            if liked and similarity[row] > 0:
                reasons.append("Similar to movies you liked")
            if matched := [genre for genre in movie["genres"] if genre in preferred]:
                reasons.append("Matches " + ", ".join(matched))
            items.append(
                Item(
                    movie_id=movie["movie_id"],
                    title=movie["title"],
                    year=None if pd.isna(movie["year"]) else movie["year"],
                    runtime=None if pd.isna(movie["runtime"]) else movie["runtime"],
                    overview=movie["overview"],
                    genres=movie["genres"],
                    services=movie["services"],
                    score=round(best[row], 6),
                    explanation=" • ".join(reasons) or "Popular",
                )
            )
        return Reply(recommendations=items, count=len(items), user_id=request.user_id)


def create_app() -> FastAPI:
    """Build the application; each worker process calls this once."""
    recommender = Recommender(Path(os.environ[ARTIFACTS]))
    app = FastAPI(title="CineMatch peer")

    # Scoring is short and CPU-bound, so it is faster on the event loop than in a thread.
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
