import numpy as np
import pytest

from passerby.tracking import kalman
from passerby.tracking.kalman import WALKING, Floats


class MatrixFilter:
    """The textbook filter with 8 x 8 matrices, as the judge."""

    def __init__(self, box: Floats) -> None:
        height = box[3]
        self.mean = np.concatenate([box, np.zeros(4)])
        deviations = np.concatenate([WALKING.measurement, WALKING.first_velocity]) * height
        self.covariance = np.diag(deviations**2)

    def predict(self, seconds: float) -> None:
        height = self.mean[3]
        transition = np.eye(8) + seconds * np.eye(8, k=4)
        density = np.diag((np.array(WALKING.acceleration) * height) ** 2)
        noise = np.block(
            [
                [density * seconds**3 / 3, density * seconds**2 / 2],
                [density * seconds**2 / 2, density * seconds],
            ]
        )
        self.mean = transition @ self.mean
        self.covariance = transition @ self.covariance @ transition.T + noise

    def update(self, box: Floats, trust: float) -> None:
        look = np.eye(4, 8)
        noise = np.diag((np.array(WALKING.measurement) * self.mean[3] / trust) ** 2)
        gain = self.covariance @ look.T @ np.linalg.inv(look @ self.covariance @ look.T + noise)
        self.mean = self.mean + gain @ (box - look @ self.mean)
        self.covariance = (np.eye(8) - gain @ look) @ self.covariance


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_filter_with_matrices(seed: int) -> None:
    random = np.random.default_rng(seed)
    box = np.array([300.0, 200.0, 40.0, 100.0])
    judge, motion = MatrixFilter(box), kalman.start(box[None])
    for _ in range(30):
        seconds, trust = random.uniform(0.02, 0.5), random.uniform(0.2, 1)
        box = box + random.normal(0, 5, 4)
        judge.predict(seconds)
        judge.update(box, trust)
        motion = kalman.predict(motion, seconds)
        motion = kalman.update(motion, box[None], np.array([[trust]]))

    assert motion.value[0] == pytest.approx(judge.mean[:4])
    assert motion.velocity[0] == pytest.approx(judge.mean[4:])
    assert motion.value_variance[0] == pytest.approx(np.diag(judge.covariance)[:4])
    assert motion.covariance[0] == pytest.approx(np.diag(judge.covariance, k=4))


def test_unseen_it_walks_on_and_grows_unsure() -> None:
    motion = kalman.start(np.array([[0.0, 0.0, 40.0, 100.0]]))
    for step in range(1, 11):
        seen = np.array([[8.0 * step, 0.0, 40.0, 100.0]])
        motion = kalman.update(kalman.predict(motion, 0.1), seen, np.ones((1, 1)))

    later = kalman.predict(motion, 1.0)

    assert later.value[0, 0] == pytest.approx(160, abs=10)
    assert (later.value_variance > motion.value_variance).all()


def test_filters_do_not_touch_each_other() -> None:
    both = kalman.start(np.array([[0.0, 0, 40, 100], [500, 0, 60, 150]]))
    second = np.array([1])

    seen = kalman.update(both.take(second), np.array([[520.0, 0, 60, 150]]), np.ones((1, 1)))
    merged = both.put(second, seen)

    assert merged.value[0].tolist() == both.value[0].tolist()
    assert merged.value[1, 0] > both.value[1, 0]
    assert len(both.join(merged)) == 4
