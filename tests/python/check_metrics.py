"""Compare CineMatch's ranking metrics with those of trec_eval, as pytrec_eval-terrier builds it."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pytrec_eval

from compare import differ, report, same

ABSOLUTE = 1e-9


def trec_eval(user: dict[str, Any], cuts: list[int]) -> dict[str, float]:
    """Let trec_eval judge one list and give its values by our names."""
    ranked, relevant = user["ranked"], user["relevant"]
    # A film of no list, judged irrelevant: a user without any judgement is passed over.
    judged = {"in no list": 0} | {str(movie): 1 for movie in relevant}
    # trec_eval ranks by score itself; whole numbers from the list's length down are exact.
    scores = {str(movie): float(len(ranked) - at) for at, movie in enumerate(ranked)}
    same("films that stand in a list twice", 0, len(ranked) - len(scores))
    at = ",".join(str(k) for k in cuts)
    measures = {f"{measure}.{at}" for measure in ("ndcg_cut", "recall", "P", "success")}
    evaluator = pytrec_eval.RelevanceEvaluator({"user": judged}, measures | {"recip_rank"})
    values = evaluator.evaluate({"user": scores})["user"]
    expected = {"reciprocal_rank": values["recip_rank"]}
    for k in cuts:
        expected[f"ndcg@{k}"] = values[f"ndcg_cut_{k}"]
        expected[f"precision@{k}"] = values[f"P_{k}"]
        expected[f"hit@{k}"] = values[f"success_{k}"]
        # trec_eval divides the hits by all relevant films, we by the most a list of k can hold.
        most = max(min(k, len(relevant)), 1)
        expected[f"recall@{k}"] = values[f"recall_{k}"] * len(relevant) / most
    return expected


def check(args: argparse.Namespace) -> str:
    """Compare every value of every user and give the figures."""
    lists = json.loads(args.lists.read_text(encoding="utf-8"))
    n_values = 0
    for index, user in enumerate(lists["users"]):
        expected, got = trec_eval(user, lists["k"]), user["metrics"]
        same(f"metrics of user {index}", sorted(expected), sorted(got))
        for name, value in expected.items():
            # Written so that a NaN differs too.
            if not abs(got[name] - value) <= ABSOLUTE:
                differ(f"{name} of user {index}", value, got[name])
        n_values += len(expected)
    return f"{len(lists['users'])} users, {n_values} values"


def main() -> int:
    """Check and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=Path, required=True)
    return report(lambda: check(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
