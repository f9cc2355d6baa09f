"""Reads the columns of movies_merged.csv from which features are computed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

NUMERIC = ["year", "runtime"]


@dataclass
class Merged:
    """Columns with one entry per movie, in file order."""

    movie_ids: list[int]
    texts: list[str]
    genres: list[list[str]]
    numbers: np.ndarray
    median: np.ndarray


def read_merged(path: Path) -> Merged:
    """Read movies_merged.csv. `numbers` has year and runtime, with column medians for missing values."""
    cells = pd.read_csv(path, dtype=str, keep_default_na=False)
    numbers = cells[NUMERIC].replace("", np.nan).astype("float64")
    median = numbers.median().fillna(0.0)
    return Merged(
        movie_ids=[int(movie_id) for movie_id in cells["movieId"]],
        texts=[
            overview or title
            for overview, title in zip(cells["overview"], cells["title"], strict=True)
        ],
        genres=[names.split("|") if names else [] for names in cells["genres"]],
        numbers=numbers.fillna(median).to_numpy(),
        median=median.to_numpy(),
    )
