"""A search is seeded, goes on where it was broken off, and shows all that it tried."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import optuna
import pytest

from training.config import TrainConfig
from training.measure import LabeledTiles
from training.networks import build_digits, build_screen
from training.tune import (
    MOST_MULTIPLY_ADDS,
    Budget,
    count_multiply_adds,
    open_study,
    search,
    suggest_config,
    table_trials,
    train_trial,
    write_trials,
)

optuna.logging.set_verbosity(optuna.logging.ERROR)

TINY = TrainConfig(
    widths=(2, 2, 2),
    epochs=2,
    tiles=64,
    batch=16,
    review=0,
    shares=(("drawn", 1.0),),
    averaging=0.0,
)


def judge_rate(trial: optuna.Trial) -> float:
    """Best at a rate of 0.002, and worse the further away."""
    config = suggest_config(trial, Budget(), seed=7)
    return 1 - abs(float(np.log10(config.rate / 2e-3)))


def run_search(storage: Path, trials: int, judge: Callable[[optuna.Trial], float]) -> optuna.Study:
    study = open_study(storage)
    list(search(study, judge, trials, seed=3))
    return study


def test_a_broken_search_tries_what_a_whole_one_tries(tmp_path: Path) -> None:
    whole = run_search(tmp_path / "whole.db", 7, judge_rate)
    run_search(tmp_path / "parts.db", 3, judge_rate)
    parts = run_search(tmp_path / "parts.db", 7, judge_rate)
    assert [trial.params for trial in parts.trials] == [trial.params for trial in whole.trials]
    assert len({trial.params["rate"] for trial in whole.trials}) == 7


def test_a_finished_search_adds_nothing(tmp_path: Path) -> None:
    run_search(tmp_path / "study.db", 2, judge_rate)
    assert len(run_search(tmp_path / "study.db", 2, judge_rate).trials) == 2


def test_a_trial_that_was_running_is_marked_as_failed(tmp_path: Path) -> None:
    open_study(tmp_path / "study.db").ask()
    study = run_search(tmp_path / "study.db", 2, judge_rate)
    assert [trial.state.name for trial in study.trials] == ["FAIL", "COMPLETE"]


def test_settings_stay_within_the_ranges(tmp_path: Path) -> None:
    configs: list[TrainConfig] = []

    def judge(trial: optuna.Trial) -> float:
        configs.append(suggest_config(trial, Budget(2, 500), seed=5))
        return 0.0

    run_search(tmp_path / "study.db", 6, judge)
    for config in configs:
        assert 5e-4 <= config.rate <= 8e-3
        assert 0 <= config.smoothing <= 0.1
        assert (config.epochs, config.tiles, config.seed, config.review) == (2, 500, 5, 0)
    assert len({config.augmentation for config in configs}) == 6


def test_all_trials_are_written(tmp_path: Path) -> None:
    def judge(trial: optuna.Trial) -> float:
        trial.set_user_attr("amounts-held", 0.5)
        if trial.number == 1:
            raise optuna.TrialPruned
        return judge_rate(trial)

    study = run_search(tmp_path / "study.db", 3, judge)
    write_trials(study, tmp_path)
    with (tmp_path / "trials.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["state"] for row in rows] == ["complete", "pruned", "complete"]
    assert rows[1]["score"] == "-"
    best = max((0, 2), key=lambda number: study.trials[number].value or 0)
    assert [row["trial"] for row in rows if "*" in row["trial"]] == [f"{best}*"]
    assert {row["amounts-held"] for row in rows} == {"0.5"}
    assert (tmp_path / "trials.md").read_text().count("\n") == 5
    assert (tmp_path / "trials.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_tried_makes_an_empty_table(tmp_path: Path) -> None:
    study = open_study(tmp_path / "study.db")
    assert table_trials(study).rows == ()
    write_trials(study, tmp_path)


def test_multiply_adds_by_hand() -> None:
    model = keras.Sequential(
        [
            keras.Input((4, 6, 1)),
            keras.layers.Conv2D(5, 3, padding="same"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(7),
        ]
    )
    assert count_multiply_adds(model) == 4 * 6 * 9 * 5 + (2 * 3 * 5) * 7


@pytest.mark.parametrize("build", [build_digits, build_screen])
def test_the_network_says_what_it_costs(build: Callable[[], keras.Model]) -> None:
    millions = count_multiply_adds(build()) / 1e6
    assert f"{millions:.1f} million multiply-adds" in str(build.__doc__)


@pytest.fixture()
def sets() -> tuple[LabeledTiles, ...]:
    tiles = np.random.default_rng(0).random((20, 28, 28, 1)).astype(np.float32)
    truth = np.arange(20) % 10
    return (LabeledTiles("noise", "Noise", tiles, truth, ("",) * 20),)


def test_a_trial_trains_and_is_judged(
    tmp_path: Path, sets: tuple[LabeledTiles, ...], only_mnist: Path
) -> None:
    study = open_study(tmp_path / "study.db")
    trial = study.ask()
    score = train_trial(trial, TINY, only_mnist, sets, tmp_path / "run")
    assert 0 <= score <= 1
    assert trial.user_attrs["noise"] == score
    reports = study.get_trials()[0].intermediate_values
    assert max(reports.values()) == score
    assert len(reports) == 2
    assert (tmp_path / "run" / "best.keras").is_file()


def test_a_slow_network_is_given_up_untrained(
    tmp_path: Path, sets: tuple[LabeledTiles, ...], only_mnist: Path
) -> None:
    trial = open_study(tmp_path / "study.db").ask()
    with pytest.raises(optuna.TrialPruned):
        train_trial(trial, replace(TINY, widths=(64, 64, 64)), only_mnist, sets, tmp_path / "run")
    assert trial.user_attrs["multiply_adds"] > MOST_MULTIPLY_ADDS
    assert not (tmp_path / "run" / "best.keras").exists()
