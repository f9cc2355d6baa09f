"""Compare CineMatch's ranking metrics with trec_eval, using pytrec_eval-terrier."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pytrec_eval

from compare import differ, report, same

ABSOLUTE = 1e-9


def trec_eval(user: dict[str, Any], cuts: list[int]) -> dict[str, float]:
    """Evaluate a list with trec_eval and return the values by CineMatch's metric names."""
    ranked, relevant = user["ranked"], user["relevant"]
    # Adds an irrelevant movie outside all lists, because trec_eval skips users without judgments.
    judged = {"in no list": 0} | {str(movie): 1 for movie in relevant}
    # trec_eval ranks by score. Descending integers are exact.
    scores = {str(movie): float(len(ranked) - at) for at, movie in enumerate(ranked)}
    same("movies listed twice", 0, len(ranked) - len(scores))
    at = ",".join(str(k) for k in cuts)
    measures = {f"{measure}.{at}" for measure in ("ndcg_cut", "recall", "P", "success")}
    evaluator = pytrec_eval.RelevanceEvaluator({"user": judged}, measures | {"recip_rank"})
    values = evaluator.evaluate({"user": scores})["user"]
    expected = {"reciprocal_rank": values["recip_rank"]}
    for k in cuts:
        expected[f"ndcg@{k}"] = values[f"ndcg_cut_{k}"]
        expected[f"precision@{k}"] = values[f"P_{k}"]
        expected[f"hit@{k}"] = values[f"success_{k}"]
        # trec_eval divides the hits by the number of relevant movies, CineMatch by at most k.
        denominator = max(min(k, len(relevant)), 1)
        expected[f"recall@{k}"] = values[f"recall_{k}"] * len(relevant) / denominator
    return expected


def check(args: argparse.Namespace) -> str:
    """Compare all values of all users and return a summary."""
    lists = json.loads(args.lists.read_text(encoding="utf-8"))
    n_values = 0
    for index, user in enumerate(lists["users"]):
        expected, got = trec_eval(user, lists["k"]), user["metrics"]
        same(f"metrics of user {index}", sorted(expected), sorted(got))
        for name, value in expected.items():
            # `not <=` instead of `>`, to detect NaN as well.
            if not abs(got[name] - value) <= ABSOLUTE:
                differ(f"{name} of user {index}", value, got[name])
        n_values += len(expected)
    return f"{len(lists['users'])} users, {n_values} values"


def main() -> int:
    """Run the check and report the outcome."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=Path, required=True)
    return report(lambda: check(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
