"""Fits KMEANS by Lloyd's iterations over the packed design.

An iteration moves each centroid to the mean of its rows and assigns rows anew; its loss is the
mean squared distance after that. Training stops after the first iteration whose loss is not
smaller by MIN_REL_PROGRESS: a record of BigQuery is such a stop before the fixed point. The
rows that RANDOM and KMEANS++ draw come from a generator with a fixed seed over rows in
the order of their content: the same data give the same model. A cluster without rows stays.
"""

from __future__ import annotations

import math
import time

import numpy as np

from emulator.ml.clustering.lloyd import Assignment, Space
from emulator.ml.clustering.parameters import Clusters, seen_from_zero
from emulator.ml.clustering.scores import clustering_metrics
from emulator.ml.data.columns import Codes, Floats
from emulator.ml.data.quantiles import thinned
from emulator.ml.data.rows import places_of, take_design
from emulator.ml.data.standardise import origins, spreads
from emulator.ml.data.training_data import TrainingSet
from emulator.ml.errors import OptionError, TrainingDataError
from emulator.ml.model import Fitted, Iteration
from emulator.ml.options.kmeans import KMeansOptions
from emulator.running import check_cancelled

LEAST_CLUSTERS, MOST_CLUSTERS = 2, 100
SEED = 20_250_101


def fit_clusters(given: TrainingSet, options: KMeansOptions) -> Fitted:
    """Fit and judge a clustering."""
    encoded, design = take_design(given)
    spread = spreads(encoded, options.standardize_features)
    cosine = options.distance_type == "COSINE"
    origin = np.zeros(len(spread))
    if seen_from_zero(cosine, options.standardize_features):
        origin = origins(encoded)
        design.numbers[:] += origin[: design.numbers.shape[1]]
    space = Space(design, spread, cosine)
    starts = None if given.starts is None else given.starts[given.training]
    options = options.resolved(num_clusters=_count(space.rows, starts, options))
    first = space.points(_first_rows(space, starts, options))
    centres, final, iterations = _iterate(space, first, options)
    radii = final.radii
    normalised = np.sort(space.least_ratios(centres, radii))
    places = places_of(encoded)
    raw = centres * spread - origin
    return Fitted(
        options=options,
        parameters=Clusters(
            centroids=tuple(
                tuple(tuple(map(float, row[places[f.name]])) for f in given.features) for row in raw
            ),
            radii=tuple(map(float, radii)),
            sizes=tuple(map(int, final.sizes)),
            quantiles=thinned(normalised),
            cosine=space.cosine,
            standardised=options.standardize_features,
        ),
        iterations=tuple(iterations),
        metrics=clustering_metrics(np.sqrt(final.squares), final.clusters, centres, space.cosine),
    )


def _count(rows: int, starts: Codes | None, options: KMeansOptions) -> int:
    named = None if starts is None else int(np.count_nonzero(starts))
    count = options.num_clusters
    if count is None and named is not None:
        count = named
    if count is None:
        count = max(LEAST_CLUSTERS, min(MOST_CLUSTERS, round(math.log10(rows))))
    if named is not None and named != count:
        raise TrainingDataError(
            f'KMEANS_INIT_COL "{options.kmeans_init_col}" is TRUE in {named} rows; '
            f"NUM_CLUSTERS is {count}. Mark one row for each cluster."
        )
    if not LEAST_CLUSTERS <= count <= MOST_CLUSTERS:
        raise OptionError(f"NUM_CLUSTERS must be from 2 to 100, found {count}.")
    if count > rows:
        raise TrainingDataError(
            f"NUM_CLUSTERS is {count} and the training query returned {rows} rows; "
            "a cluster needs a row."
        )
    return count


def _first_rows(space: Space, starts: Codes | None, options: KMeansOptions) -> Codes:
    if starts is not None:
        return np.flatnonzero(starts)
    random = np.random.default_rng(SEED)
    count = options.num_clusters or 0
    if options.kmeans_init_method == "RANDOM":
        return random.choice(space.rows, count, replace=False)
    chosen = [int(random.integers(space.rows))]
    nearest = np.square(space.distances(space.points(np.array(chosen)))[:, 0])
    while len(chosen) < count:
        check_cancelled()
        total = nearest.sum()
        chances = nearest / total if total > 0 else None
        chosen.append(int(random.choice(space.rows, p=chances)))
        newest = space.distances(space.points(np.array(chosen[-1:])))[:, 0]
        np.minimum(nearest, np.square(newest), out=nearest)
    return np.array(chosen)


def _iterate(
    space: Space, centres: Floats, options: KMeansOptions
) -> tuple[Floats, Assignment, list[Iteration]]:
    """Return the last centroids, the rows' assignment to them, and the iterations."""
    steps: list[Iteration] = []
    found = space.assign(centres)
    before = found.loss
    for index in range(options.max_iterations):
        check_cancelled()
        started = time.perf_counter()
        centres = space.centres(found, centres)
        found = space.assign(centres)
        loss = found.loss
        milliseconds = int(1000 * (time.perf_counter() - started))
        clusters = _clusters(found)
        steps.append(Iteration(index, loss, None, None, milliseconds, clusters))
        if options.early_stop and not before - loss >= options.min_rel_progress * before:
            break
        if loss == before:
            break
        before = loss
    return centres, found, steps


def _clusters(found: Assignment) -> tuple[tuple[float, int], ...]:
    pairs = zip(found.radii, found.sizes, strict=True)
    return tuple((float(radius), int(size)) for radius, size in pairs)
