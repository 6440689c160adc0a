"""Fits PCA: eigenvectors of Z'Z / (n - 1), with one-hot columns that are not centred.

Up to FULL_SIZE coordinates all of them are computed, beyond it the largest by Lanczos
iterations, which need products with the design alone. A component's first loading is negative:
Google publishes no rule for the sign, and its recorded components are all so.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from emulator.ml.data.columns import Floats
from emulator.ml.data.design import Design
from emulator.ml.data.gram import gram
from emulator.ml.data.quantiles import thinned
from emulator.ml.data.rows import places_of, take_design
from emulator.ml.data.standardise import spreads
from emulator.ml.data.training_data import TrainingSet
from emulator.ml.decomposition.parameters import Components
from emulator.ml.errors import TrainingDataError
from emulator.ml.model import Fitted, Iteration
from emulator.ml.options.pca import PcaOptions

FULL_SIZE = 1_500
MOST_COORDINATES = 10_000
SEED = 20_250_101


def fit_components(given: TrainingSet, options: PcaOptions) -> Fitted:
    """Fit and judge a principal component analysis."""
    started = time.perf_counter()
    encoded, design = take_design(given)
    spread = spreads(encoded, options.scale_features)
    most = _most(design, options)
    values, vectors = _eigen(design, spread, most, options)
    total = _total(design, spread)
    count = _count(values, total, options)
    values, vectors = values[:count], vectors[:, :count]
    places = places_of(encoded)
    first = vectors[places[given.features[0].name].start]
    vectors = vectors * np.where(first > 0, -1.0, 1.0)
    errors = np.sort(_errors(design, spread, vectors, len(given.inputs)))
    return Fitted(
        options=options.resolved(num_principal_components=count),
        parameters=Components(
            loadings=tuple(
                tuple(tuple(map(float, row[places[f.name]])) for f in given.features)
                for row in vectors.T
            ),
            eigenvalues=tuple(map(float, values)),
            total_variance=total,
            quantiles=thinned(errors),
            scaled=options.scale_features,
        ),
        iterations=(Iteration(0, 0.0, None, None, int(1000 * (time.perf_counter() - started))),),
        metrics={"total_explained_variance_ratio": float(values.sum() / total)},
    )


def _most(design: Design, options: PcaOptions) -> int:
    """Return how many components to compute."""
    if design.size > MOST_COORDINATES:
        raise TrainingDataError(
            f"A PCA model takes at most {MOST_COORDINATES} coordinates after one-hot encoding; "
            f"the training query has {design.size}. Leave out columns with many categories."
        )
    if design.rows < 2:
        raise TrainingDataError("A PCA model needs at least two rows.")
    most = min(design.size, design.rows)
    asked = options.num_principal_components
    if asked is not None and asked > most:
        raise TrainingDataError(
            f"NUM_PRINCIPAL_COMPONENTS is {asked}; it cannot be above the number of rows "
            f"({design.rows}) or of coordinates after one-hot encoding ({design.size})."
        )
    return most if asked is None else asked


def _eigen(design: Design, spread: Floats, most: int, options: PcaOptions) -> tuple[Floats, Floats]:
    """Return eigenvalues, descending, and their vectors as columns."""
    full = options.pca_solver == "FULL" or design.size <= FULL_SIZE
    if full:
        products = gram(design) / np.outer(spread, spread) / (design.rows - 1)
        values, vectors = np.linalg.eigh(products)
    else:
        values, vectors = _largest(design, spread, min(most, FULL_SIZE))
    return np.maximum(values[::-1], 0.0), vectors[:, ::-1]


def _largest(design: Design, spread: Floats, count: int) -> tuple[Floats, Floats]:
    def product(point: Floats) -> Floats:
        back, _ = design.adjoint(design.forward(point.ravel() / spread))
        return back / spread / (design.rows - 1)

    operator = LinearOperator((design.size, design.size), matvec=product, dtype=np.float64)
    start = np.random.default_rng(SEED).standard_normal(design.size)
    values, vectors = eigsh(operator, k=min(count, design.size - 1), v0=start)
    return values, vectors


def _total(design: Design, spread: Floats) -> float:
    """Return the trace of Z'Z / (n - 1)."""
    width = design.numbers.shape[1]
    squares = np.zeros(width)
    for chunk in design.chunks():
        squares += np.square(design.numbers[chunk]).sum(axis=0)
    scaled = np.concatenate([squares, design.counts()]) / spread**2
    return float(scaled.sum() / (design.rows - 1))


def _count(values: Floats, total: float, options: PcaOptions) -> int:
    if total <= 0:
        raise TrainingDataError("Every column of the training query is constant.")
    if options.num_principal_components is not None:
        return options.num_principal_components
    share = np.cumsum(values) / total
    enough = np.flatnonzero(share > (options.pca_explained_variance_ratio or 0.0))
    return int(enough[0]) + 1 if len(enough) else len(values)


def _errors(design: Design, spread: Floats, vectors: Floats, columns: int) -> Floats:
    """Return the reconstruction error of each row: its squared length less its scores'."""
    width = design.numbers.shape[1]
    lengths = np.zeros(design.rows)
    for chunk in design.chunks():
        lengths[chunk] = np.square(design.numbers[chunk] / spread[:width]).sum(axis=1)
    for block in design.blocks:
        for axis, size in enumerate(block.shape):
            after = int(np.prod(block.shape[axis + 1 :]))
            lengths += (block.cells.astype(np.intp) // after) % size < size - 1
    for vector in vectors.T:
        lengths -= np.square(design.forward(vector / spread))
    return np.maximum(lengths, 0.0) / columns
