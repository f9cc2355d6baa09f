"""serve.py with stored ratings and movie search.

It uses FastAPI, SQLite and the recommender from serve.py, and searches movies with pandas' `str.contains`. As
with `cinematch serve`, ratings are on disk before they are acknowledged.
"""

import argparse
import os
import sqlite3
from pathlib import Path
from typing import Annotated

import pandas as pd
import uvicorn
from fastapi import FastAPI, Header
from pydantic import BaseModel, Field

from serve import ARTIFACTS, Item, Recommender, Reply, Request

DATABASE = "CINEMATCH_PEER_DATABASE"
SCHEMA = """
CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS feedback (
    user_id INTEGER NOT NULL, movie_id INTEGER NOT NULL, rating REAL NOT NULL,
    PRIMARY KEY (user_id, movie_id)
) WITHOUT ROWID;
"""
LIKED_FROM = 3.5


class Identity(BaseModel):
    """A user's profile."""

    email: str
    name: str


class Rating(BaseModel):
    """A user's rating of a movie."""

    movie_id: int
    rating: float = Field(ge=0.5, le=5)


class Found(BaseModel):
    """Search results."""

    results: list[Item]
    count: int


def connect(path: str) -> sqlite3.Connection:
    """Open the database, with commits that survive a system crash."""
    connection = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + SCHEMA)
    return connection


def item_of(movie: pd.Series) -> Item:
    """Return a search result in reply format."""
    return Item(
        movie_id=movie["movie_id"],
        title=movie["title"],
        year=None if pd.isna(movie["year"]) else movie["year"],
        runtime=None if pd.isna(movie["runtime"]) else movie["runtime"],
        overview=movie["overview"],
        genres=movie["genres"],
        services=movie["services"],
        score=0.0,
        explanation="",
    )


def create_app() -> FastAPI:
    """Build the application; each worker process calls this once."""
    recommender = Recommender(Path(os.environ[ARTIFACTS]))
    movies = recommender.movies
    by_popularity = movies.sort_values("popularity", ascending=False)
    people = connect(os.environ[DATABASE])
    app = FastAPI(title="CineMatch peer, with profiles")

    # Short CPU-bound work runs on the event loop, as in serve.py.
    @app.post("/auth/identify")
    async def identify(identity: Identity) -> dict[str, int]:
        people.execute("INSERT OR IGNORE INTO users (email) VALUES (?)", [identity.email])
        row = people.execute("SELECT id FROM users WHERE email = ?", [identity.email]).fetchone()
        return {"id": row[0]}

    @app.post("/api/feedback")
    async def rate(rating: Rating, x_user_id: Annotated[int, Header()]) -> Rating:
        people.execute(
            "INSERT OR REPLACE INTO feedback (user_id, movie_id, rating) VALUES (?, ?, ?)",
            [x_user_id, rating.movie_id, rating.rating],
        )
        return rating

    @app.get("/api/recommendations")
    async def mine(
        x_user_id: Annotated[int, Header()], limit: int = 20, genre: str | None = None
    ) -> Reply:
        rows = people.execute(
            "SELECT movie_id, rating FROM feedback WHERE user_id = ?", [x_user_id]
        ).fetchall()
        return recommender.recommend(
            Request(
                user_id=str(x_user_id),
                liked_movie_ids=[movie for movie, rating in rows if rating >= LIKED_FROM],
                disliked_movie_ids=[movie for movie, rating in rows if rating < LIKED_FROM],
                preferred_genres=[genre] if genre else [],
                limit=limit,
            )
        )

    @app.post("/api/recommendations")
    async def recommendations(request: Request) -> Reply:
        return recommender.recommend(request)

    @app.get("/api/search")
    async def search(q: str, limit: int = 10) -> Found:
        titles = by_popularity["title"].str.contains(q, case=False, regex=False)
        found = [item_of(movie) for _, movie in by_popularity[titles].head(limit).iterrows()]
        return Found(results=found, count=len(found))

    return app


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts", type=Path, required=True)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    os.environ[ARTIFACTS] = str(args.artifacts.resolve())
    os.environ[DATABASE] = str(args.database.resolve())
    uvicorn.run(
        "serve_people:create_app",
        factory=True,
        app_dir=str(Path(__file__).parent),
        port=args.port,
        workers=args.workers,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
