"""Training by the clock: large networks first, then the small one that learns of them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras

from digitscan.errors import SettingsError
from training import by_clock, pools
from training.config import CONFIGS, GENTLE, TrainConfig
from training.export import export_package
from training.fit import predict_padded
from training.networks import build_digits, build_teachers
from training.pools import PoolPlan, PoolStream
from training.teaching import TaughtLoss, TileLessons, TowersLoss
from training.train import main, train

pytestmark = pytest.mark.training

SHARES = (("mnist", 2.0), ("drawn", 1.0), ("signs", 1.0))
# Its time is over when it begins: one epoch.
TEACHERS = replace(
    CONFIGS["teachers"], widths_3=(2, 4), widths_5=(2, 3), minutes=0.01, makers=1, tiles=64,
    batch=32, shares=SHARES,
)  # fmt: skip
TAUGHT = replace(
    CONFIGS["digits-taught"], widths=(2, 2, 4), minutes=0.01, makers=1, tiles=64, batch=32,
    shares=SHARES,
)  # fmt: skip


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads in the place of processes, which would not know the small files' sums."""
    monkeypatch.setattr(pools, "ProcessPoolExecutor", lambda count, **_: ThreadPoolExecutor(count))


@pytest.fixture(scope="module")
def taught(only_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of small teachers, and of a small network that they taught."""
    folder = tmp_path_factory.mktemp("taught")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pools, "ProcessPoolExecutor", lambda count, **_: ThreadPoolExecutor(count))
        teachers = train("teachers", TEACHERS, only_mnist, folder / "teachers")
        config = replace(TAUGHT, teachers=str(teachers))
        train("digits-taught", config, only_mnist, folder / "digits-taught")
    return folder


def test_a_run_by_the_clock_leaves_weights_and_log(taught: Path) -> None:
    for name in ("teachers", "digits-taught"):
        run = taught / name
        rows = (run / "log.csv").read_text().splitlines()
        assert rows[0] == "epoch,rate,loss,mnist,score"
        assert [row.split(",")[0] for row in rows[1:]] == ["0", "1"]
        assert {path.name for path in run.glob("*.*")} >= {"best.keras", "average.npz"}
        assert not list(run.glob("part.*")) and not (run / "checkpoint.keras").exists()
        # Without the optimizer's state.
        network = keras.models.load_model(run / "best.keras")
        assert not network.compiled
    assert network.output_shape == (None, 11)


def test_what_was_taught_is_exported_as_any_digit_network(
    taught: Path, only_mnist: Path, tmp_path: Path
) -> None:
    metadata = export_package(
        taught / "digits-taught", tmp_path / "digits-9", only_mnist, last=True
    )
    assert metadata["provenance"]["command"].startswith(
        "python -m training.train teachers && python -m training.train digits-taught && "
    )
    assert not metadata["provenance"]["config"]["is_pooled"]


def test_a_folder_is_not_used_twice(taught: Path, only_mnist: Path) -> None:
    with pytest.raises(SettingsError, match="another --out"):
        train("teachers", TEACHERS, only_mnist, taught / "teachers")


def test_the_command_misses_the_teachers(
    only_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--data", str(only_mnist), "--out", str(tmp_path / "run"), "--makers", "1"]
    options += ["--teachers", str(tmp_path / "none.keras"), "--minutes", "0.01", "--tiles", "40"]
    assert main(["digits-taught", *options]) == 2
    assert "no teachers at" in capsys.readouterr().err


def test_time_is_needed() -> None:
    with pytest.raises(ValueError, match="minutes"):
        TrainConfig(network="teachers")


def test_faults_become_gentle_with_pools_that_are_begun_later(only_mnist: Path) -> None:
    plan = PoolPlan(only_mnist, 7, 40, SHARES, CONFIGS["digits"].augmentation)
    with PoolStream(plan, 1) as stream:
        first = stream.take(1, True)
        stream.plan = replace(plan, tiles=20, augmentation=GENTLE)
        sizes = [len(stream.take(1, True)[0][1]) for _ in range(4)]
    assert [len(labels) for _, labels in first] == [40]
    assert set(sizes) == {40, 20}


def test_a_slow_machine_gets_shorter_epochs(
    only_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_clock, "_EPOCH_S", 0.0)
    monkeypatch.setattr(by_clock, "_RESERVE_S", 0.0)
    sizes: list[int] = []

    class Counted:
        """Half of the time is over after two epochs, however long they take."""

        def __init__(self, *times: float) -> None:
            del times
            self._asked = -1

        def share(self) -> float:
            self._asked += 1
            return self._asked / 4

    class Watched(by_clock.Run):
        def train_epoch(self, epoch, tiles, labels):  # type: ignore[no-untyped-def]
            sizes.append(len(tiles))
            return super().train_epoch(epoch, tiles, labels)

    monkeypatch.setattr(by_clock, "Run", Watched)
    monkeypatch.setattr(by_clock, "Clock", Counted)
    train("teachers", TEACHERS, only_mnist, tmp_path / "run")
    assert sizes == [32, 16 * 32, 32, 32, 32]


def test_a_pupil_that_agrees_costs_least() -> None:
    told = np.array([[[4.0, 1.0, 0.0]], [[0.0, 2.0, 1.0]]], np.float32)
    labels = np.zeros((2, 3), np.float32)
    loss = TaughtLoss(softness=3.0, label_share=0.0)
    least = float(loss(labels, np.concatenate([told, told], axis=1)))
    for change in ([0.5, 0.0, 0.0], [0.0, -0.5, 0.0], [0.0, 0.0, 0.5]):
        own = told + np.array(change, np.float32)
        assert float(loss(labels, np.concatenate([own, told], axis=1))) > least


def test_labels_count_by_their_share() -> None:
    # The pupil is sure, its two teachers are not.
    said = np.array([[[2.0, 0.0], [1.0, 0.0], [0.0, 1.0]]], np.float32)
    truth = np.array([[1.0, 0.0]], np.float32)
    both = [float(TaughtLoss(2.0, share)(truth, said)) for share in (0.0, 1.0, 0.25)]
    assert both[0] == pytest.approx(4 * (np.log1p(np.exp(-1.0)) + 0.5), rel=1e-4)
    assert both[1] == pytest.approx(np.log1p(np.exp(-2.0)), rel=1e-4)
    assert both[2] == pytest.approx(0.75 * both[0] + 0.25 * both[1], rel=1e-5)


def test_only_the_pupil_learns() -> None:
    teachers = build_teachers((2, 4), (2, 3))
    network = build_digits(widths=(2, 2, 4), hidden=8, is_pooled=False)
    lesson = TileLessons(network, 1, teachers)
    lesson.compile(keras.optimizers.SGD(0.1), TaughtLoss(3.0, 0.1))
    tiles = np.random.default_rng(0).integers(0, 255, (8, 28, 28), np.uint8)
    assert lesson(tiles).shape == (8, 3, 11)
    before = [*network.get_weights()], [*teachers.get_weights()]
    lesson.fit(tiles, np.eye(11, dtype=np.float32)[:8], verbose=0)
    changed = [
        any(not np.array_equal(a, b) for a, b in zip(old, new.get_weights(), strict=True))
        for old, new in zip(before, (network, teachers), strict=True)
    ]
    assert changed == [True, False]


def test_towers_learn_by_themselves() -> None:
    sure, unsure = [8.0, 0.0], [0.0, 0.0]
    truth = np.array([[1.0, 0.0]], np.float32)
    loss = TowersLoss()(truth, np.array([[sure, unsure]], np.float32))
    assert float(loss) == pytest.approx((np.log1p(np.exp(-8.0)) + np.log(2)) / 2, rel=1e-4)


def test_paper_fills_the_last_batch() -> None:
    network = build_digits(widths=(2, 2, 4), hidden=8, is_pooled=False)
    tiles = np.random.default_rng(0).random((5, 28, 28, 1), np.float32)
    np.testing.assert_allclose(
        predict_padded(network, tiles, 4), network.predict(tiles, verbose=0), atol=1e-5
    )


def test_the_networks_have_their_sizes() -> None:
    assert build_digits(is_pooled=False).count_params() == build_digits().count_params()
    teachers = build_teachers((4, 8), (4, 8))
    assert teachers.output_shape == (None, 2, 11)
    assert all(weight.dtype == "float32" for weight in teachers.weights)
