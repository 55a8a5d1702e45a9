"""Episodes that share 20 classes and their 30 images each, for the simulations."""

import numpy as np


def draw_episodes(random, episodes):
    """Classes [episodes, 5], and weights [episodes, 600]: the share of each image in an episode.

    Each episode asks about 5 images of each of its 5 classes.
    """
    classes = np.argsort(random.random((episodes, 20)), axis=1)[:, :5]
    images = np.argsort(random.random((episodes, 5, 30)), axis=2)[:, :, :5]
    weights = np.zeros((episodes, 20 * 30))
    np.put_along_axis(weights, (30 * classes[:, :, None] + images).reshape(episodes, 25), 1 / 25, 1)
    return classes, weights
