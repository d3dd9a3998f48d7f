from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix, random_array

from overture.adapters.als import AlsParameters, fit_factors, fold_in
from overture.core.confidence import Weights, confidence_of
from overture.core.regularization import Regularization
from strategy_shop import ids


def test_folding_in_solves_each_users_normal_equations() -> None:
    random = np.random.default_rng(7)
    y = random.normal(size=(50, 6)).astype(np.float32)
    confidence = csr_matrix(random_array((30, 50), density=0.15, rng=random, dtype=np.float32))
    confidence.data += 2
    confidence = csr_matrix(confidence.multiply((np.arange(30) != 4)[:, None]), dtype=np.float32)
    confidence.eliminate_zeros()

    found = fold_in(y, confidence, Regularization(0.7), threads=1)

    for user, c in enumerate(confidence.toarray().astype(float)):
        normal = y.T @ np.diag(np.where(c > 0, c, 1)) @ y + 0.7 * np.eye(6)
        np.testing.assert_allclose(found[user], np.linalg.solve(normal, y.T @ c), rtol=1e-3, atol=1e-5)
    assert not found[4].any()
    assert np.array_equal(fold_in(y, confidence, Regularization(0.7), threads=2), found)


def test_with_frequency_scaling_each_user_is_solved_with_a_regularization_of_its_number_of_pairs() -> None:
    random = np.random.default_rng(8)
    bought = csr_matrix((random.random((60, 40)) < random.random((60, 1))).astype(float))
    bought = bought[np.diff(bought.indptr) > 0]
    weights = Weights(bought, ids("u", bought.shape[0]), ids("i", 40))
    parameters = AlsParameters(6, 0.05, 4, 3.0, 0.0, seed=1, frequency_scaling=1.0)

    found = fit_factors(weights, parameters, 2)

    y, confidence = found.item_factors.astype(float), confidence_of(bought, 3.0)
    strengths = parameters.regularization_for(weights).of(confidence)
    assert strengths.max() > 4 * strengths.min()
    for user, c in enumerate(confidence.toarray().astype(float)):
        normal = y.T @ np.diag(np.where(c > 0, c, 1)) @ y + strengths[user] * np.eye(6)
        np.testing.assert_allclose(found.user_factors[user], np.linalg.solve(normal, y.T @ c), rtol=1e-3, atol=1e-5)
    assert fit_factors(weights, parameters, 1).user_factors.tobytes() == found.user_factors.tobytes()


def test_folding_in_a_training_user_gives_that_users_own_factors() -> None:
    random = np.random.default_rng(3)
    bought = csr_matrix((random.random((40, 25)) < 0.3).astype(float))
    weights = Weights(bought, ids("u", 40), ids("i", 25))
    parameters = AlsParameters(8, 0.05, 3, 10.0, 0.0, seed=1)
    factors = fit_factors(weights, parameters, 1)

    def distance(parameters: AlsParameters) -> float:
        confidence = confidence_of(weights.matrix, parameters.alpha)
        found = fold_in(factors.item_factors, confidence, parameters.regularization_for(weights), 1)
        return float(np.linalg.norm(found - factors.user_factors) / np.linalg.norm(factors.user_factors))

    assert distance(parameters) < 1e-5
    # With another alpha or regularization it is another user.
    assert distance(replace(parameters, alpha=5.0)) > 0.05
    assert distance(replace(parameters, relative_regularization=0.5)) > 0.05
