"""The weights of evidence are learnt from labelled systems, and judged on those that were left out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from supervisor.core.map.weights import WEIGHTS, weigh
from supervisor.wire.source import language_of, skipped
from tests.core.map.sources import occurrences
from tests.systems import fit, labels


@cache
def cases() -> tuple[fit.Case, ...]:
    """The small systems that the map is tuned with."""
    made = []
    for system in labels.own():
        if not system.held_out:
            found = []
            for child in system.children:
                texts = {name: data.decode() for name, data in labels.files(system, child).items() if is_read(name)}
                found += occurrences(child, texts)
            made.append(fit.Case(system, tuple(found), ()))
    return tuple(made)


def is_read(name: str) -> bool:
    return skipped(name) is None and language_of(name) is not None


def test_each_system_is_measured_with_weights_that_were_learnt_without_it() -> None:
    lines = list(fit.report(cases()[:2]))

    assert [line.split()[0] for line in lines[-3:]] == [*(one.system.name for one in cases()[:2]), "mean,"]


def test_weights_move_only_as_far_as_the_labels_ask() -> None:
    new = fit.learnt(cases())

    assert new.keys() == WEIGHTS.keys()
    assert all(1 / 3.1 < new[name] / WEIGHTS[name] < 3.1 for name in WEIGHTS)
    assert fit.learnt([]) == {name: round(weight, 3) for name, weight in WEIGHTS.items()}


def test_what_is_wrong_in_every_system_weighs_less_and_what_is_right_no_less() -> None:
    (shop,) = (one for one in cases() if one.system.name == "shop")
    broken = shop._replace(system=replace(shop.system, labels=()))

    before, after = (weigh({"header": 1, "a provider and a user": 1}, w) for w in (WEIGHTS, fit.learnt([broken] * 4)))

    assert after < before
