"""XGBoost 0.90's Shapley values, number for number: its additions, in its order, in float32.

Source: XGBoost 0.90, `RegTree::TreeShap` (src/tree/tree_model.cc), after Lundberg, Erion and Lee,
"Consistent Individualized Feature Attribution for Tree Ensembles", algorithm 2. One sum for each
column runs through the leaves of all trees, on each split the child first that the row goes to.
"""

import json
from dataclasses import dataclass

import numpy as np

ONE, ZERO = np.float32(1), np.float32(0)


@dataclass
class Step:
    """One split on the way to a node."""

    column: int
    zero: np.float32
    one: np.float32
    weight: np.float32


class Tree:
    """A tree of a booster's JSON."""

    def __init__(self, content):
        self.left, self.right = content["left_children"], content["right_children"]
        self.column, self.default = content["split_indices"], content["default_left"]
        self.cut = np.array(content["split_conditions"], dtype=np.float32)
        self.cover = np.array(content["sum_hessian"], dtype=np.float32)

    def hot_and_cold(self, node, row):
        value = row[self.column[node]]
        goes_left = self.default[node] if np.isnan(value) else value < self.cut[node]
        children = self.left[node], self.right[node]
        return children if goes_left else children[::-1]

    def mean(self, node=0):
        if self.left[node] < 0:
            return self.cut[node]
        left, right = self.left[node], self.right[node]
        total = self.mean(left) * self.cover[left] + self.mean(right) * self.cover[right]
        return total / self.cover[node]

    def add_to(self, sums, row, node=0, path=(), zero=ONE, one=ONE, column=-1):
        path = extended(path, zero, one, column)
        if self.left[node] < 0:
            for at in range(1, len(path)):
                step = path[at]
                part = unwound_sum(path, at) * (step.one - step.zero) * self.cut[node]
                sums[step.column] += part
            return
        own, zero, one = self.column[node], ONE, ONE
        for at, step in enumerate(path):
            if step.column == own:
                zero, one = step.zero, step.one
                path = unwound(path, at)
                break
        hot, cold = self.hot_and_cold(node, row)
        share = self.cover[hot] / self.cover[node]
        self.add_to(sums, row, hot, path, share * zero, one, own)
        share = self.cover[cold] / self.cover[node]
        self.add_to(sums, row, cold, path, share * zero, ZERO, own)


def extended(path, zero, one, column):
    depth = len(path)
    path = [Step(s.column, s.zero, s.one, s.weight) for s in path]
    path.append(Step(column, zero, one, ONE if depth == 0 else ZERO))
    whole = np.float32(depth + 1)
    for at in range(depth - 1, -1, -1):
        path[at + 1].weight += one * path[at].weight * np.float32(at + 1) / whole
        path[at].weight = zero * path[at].weight * np.float32(depth - at) / whole
    return path


def unwound(path, place):
    depth = len(path) - 1
    path = [Step(s.column, s.zero, s.one, s.weight) for s in path]
    one, zero, rest = path[place].one, path[place].zero, path[depth].weight
    whole = np.float32(depth + 1)
    for at in range(depth - 1, -1, -1):
        if one != 0:
            before = path[at].weight
            path[at].weight = rest * whole / (np.float32(at + 1) * one)
            rest = before - path[at].weight * zero * np.float32(depth - at) / whole
        else:
            path[at].weight = path[at].weight * whole / (zero * np.float32(depth - at))
    for at in range(place, depth):
        after = path[at + 1]
        path[at].column, path[at].zero, path[at].one = after.column, after.zero, after.one
    return path[:depth]


def unwound_sum(path, place):
    depth = len(path) - 1
    one, zero, rest = path[place].one, path[place].zero, path[depth].weight
    whole, total = np.float32(depth + 1), ZERO
    for at in range(depth - 1, -1, -1):
        share = np.float32(depth - at) / whole
        if one != 0:
            part = rest * whole / (np.float32(at + 1) * one)
            total += part
            rest = path[at].weight - part * zero * share
        else:
            total += path[at].weight / zero / share
    return total


def replayed(booster, rows, outputs=1):
    """Return the Shapley values of rows as 0.90 adds them up.

    Parameters
    ----------
    booster : xgboost.Booster
    rows : float32 array of shape (n_rows, n_columns)
        NaN is missing.
    outputs : int
        Whose trees take turns.

    Returns
    -------
    float32 array of shape (n_rows, outputs, n_columns)
    """
    content = json.loads(booster.save_raw("json"))
    trees = [Tree(one) for one in content["learner"]["gradient_booster"]["model"]["trees"]]
    groups = content["learner"]["gradient_booster"]["model"]["tree_info"]
    found = np.zeros((len(rows), outputs, rows.shape[1]), dtype=np.float32)
    for row, sums in zip(rows, found, strict=True):
        for tree, group in zip(trees, groups, strict=True):
            tree.add_to(sums[group], row)
    return found
