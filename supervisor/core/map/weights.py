"""What each piece of evidence for a link is worth. The score of a link is the product of its weights, and 1 at most.

They were set by hand, then moved as little as it takes to tell the true rows of the labelled systems from the others:
`scripts/map-quality --fit` computes that, and what weights that were learnt without a system make of that system.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log

Evidence = dict[str, float]
"""Pieces of evidence by name, each with its power: how often it is there, or by how much."""

WEIGHTS: Mapping[str, float] = {
    "package": 0.85,
    "submodule": 0.9,
    "route": 0.786,
    "topic": 0.817,
    "header": 0.852,
    "cookie": 0.801,
    "schema": 0.803,
    "flag": 0.793,
    "table": 0.75,
    "error": 0.651,
    "env": 0.608,
    "port": 0.552,
    "key": 0.561,
    "constant": 0.493,
    "status": 0.396,
    "word": 0.398,
    # which side is which
    "a provider and a user": 1.125,
    "one side shows its role": 0.911,
    "no side shows its role": 0.951,
    "route that nobody calls": 0.822,
    "route that two call": 0.4,
    "route that nobody serves": 0.3,
    # how the name looks
    "common route": 0.292,
    "route of a mount": 0.445,
    "route of one word": 0.755,
    "route of four words": 1.05,
    "variable of one word": 0.7,
    "package that nobody declares": 0.9,
    "variable of one side": 0.5,
    "variable that nobody reads": 0.6,
    "words of a message": 2.689,
    "common name, declared": 0.484,
    "common name": 0.299,
    "long name": 1.503,
    "one word": 0.437,
    "two words": 0.929,
    "short table": 0.7,
    "long table": 0.9,
    "uuid": 2.684,
    "assigned uuid": 1.804,
    # how much the places prove
    "sure on one side": 0.71,
    "message, sure on no side": 0.492,
    "sure on no side": 0.35,
    "declared for the wire": 0.981,
    "never declared for the wire": 0.95,
    "made of common words": 0.6,
    "many files": 0.383,
    "company": 2.652,
    "one of a set": 1.45,
    "one of a declared set": 2.0,
    "library only": 0.6,
    "only in the pages of a server": 0.5,
    "tests only": 0.582,
    "tools only": 0.3,
    # constants whose values differ
    "two numbers": 1.494,
    "two texts": 0.8,
    "a number and a text": 0.5,
}


def weigh(evidence: Evidence, weights: Mapping[str, float] = WEIGHTS) -> float:
    """Return the product of the weights of what there is, not cut at 1."""
    return exp(sum(log(weights[name]) * power for name, power in evidence.items()))
