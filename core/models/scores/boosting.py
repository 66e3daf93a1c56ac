"""The rival: gradient-boosted trees on the same rows, shown beside the score and never used for it, since its reasons are no sum of
figures that anybody could check."""

from typing import Any

from core.models.scores.rows import Floats, Rows

LEARNING_RATE, LEAVES, LEAST_IN_LEAF, TREES, SEED = 0.05, 8, 50, 150, 20_240_601
ALGORITHM = "boosting"


def chances(training: Rows, matrix: Floats) -> Floats:
    """Chance of each row of ``matrix`` by trees fitted to the training rows. What is not known is a branch of its own."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    training = training.thinned()
    trees: Any = HistGradientBoostingClassifier(
        learning_rate=LEARNING_RATE, max_leaf_nodes=LEAVES, min_samples_leaf=LEAST_IN_LEAF, max_iter=TREES, early_stopping=False,
        random_state=SEED,
    )  # fmt: skip
    with threadpool_limits(1):
        trees.fit(training.matrix, training.label)
        found: Floats = trees.predict_proba(matrix)[:, 1]
    return found
