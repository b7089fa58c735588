"""What a training is: every choice that changes the weights, in one frozen record a network."""

from dataclasses import dataclass, field

from training.augment import Augmentation

DIGIT_SHARES: tuple[tuple[str, float], ...] = (
    ("mnist", 140.0),
    ("real", 20.0),
    ("runs-digits", 9.0),
    ("groups-digits", 12.0),
    ("drawn", 12.0),
    ("printed", 3.0),
    ("dots", 1.0),
    ("stamped", 1.5),
    ("mnist-groups", 6.0),
    ("drawn-groups", 1.5),
    ("real-groups", 6.0),
    ("runs-rubbish", 9.0),
    ("groups-rubbish", 11.0),
    ("letters", 4.0),
    ("printed-rubbish", 4.0),
    ("signs", 2.0),
    ("marks", 2.0),
)
"""Weights of the sources, by what the reader meets: handwriting first, its own wrong cuts next."""

SCREEN_SHARES: tuple[tuple[str, float], ...] = (
    ("mnist", 40.0),
    ("real", 16.0),
    ("runs-digits", 4.0),
    ("groups-digits", 5.0),
    ("drawn", 7.0),
    ("printed", 8.0),
    ("dots", 0.8),
    ("stamped", 2.0),
    ("mnist-groups", 6.0),
    ("drawn-groups", 1.5),
    ("real-groups", 2.0),
    ("runs-rubbish", 4.0),
    ("groups-rubbish", 4.0),
    ("letters", 16.0),
    ("printed-rubbish", 16.0),
    ("signs", 1.2),
    ("marks", 0.9),
)
"""The same for the network that looks at everything on a page: half of that are letters."""


def _check_word(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is one of {', '.join(allowed)}, got {value!r}")


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One training.

    Attributes
    ----------
    network : str
        `baseline`, `digits` or `screen`.
    widths : tuple of int
        Filters of the layers of `digits` at 24 x 24, 10 x 10 and 5 x 5; of the layers of `screen`.
    hidden : int
        Units between the last features and the logits.
    epochs, tiles, batch : int
        Epochs, tiles in an epoch, tiles in a batch.
    optimizer : str
        `adam`, `adamw` or `sgd` (with Nesterov momentum 0.9).
    rate : float
        Greatest learning rate, after `warmup` of the steps.
    schedule : str
        `constant`, or `cosine`: falls to a hundredth along half a cosine wave.
    warmup : float
        Share of the steps in which the rate rises from 0.
    dropout, decay, smoothing : float
        Share of the last features dropped, weight decay (adamw), label smoothing.
    averaging : float
        Momentum of the average of the weights over the steps, 0 for none.
    patience : int
        Stop after so many epochs without a better validation, 0 for never.
    review : int
        After this epoch real digits that the network contradicts are left out, 0 for never.
    seed : int
    start : str
        Keras file of a network whose layers of the same shape are the start; empty for a random
        start.
    shares : tuple of (str, float)
        Weight of each source in an epoch; none: the MNIST training digits as they are.
    augmentation : Augmentation
    """

    network: str = "digits"
    widths: tuple[int, int, int] = (32, 48, 64)
    hidden: int = 160
    epochs: int = 40
    tiles: int = 60_000
    batch: int = 128
    optimizer: str = "adamw"
    rate: float = 3e-3
    schedule: str = "cosine"
    warmup: float = 0.03
    dropout: float = 0.25
    decay: float = 0.02
    smoothing: float = 0.01
    averaging: float = 0.999
    patience: int = 0
    review: int = 8
    seed: int = 7
    start: str = ""
    shares: tuple[tuple[str, float], ...] = DIGIT_SHARES
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        _check_word("network", self.network, ("baseline", "digits", "screen"))
        _check_word("optimizer", self.optimizer, ("adam", "adamw", "sgd"))
        _check_word("schedule", self.schedule, ("constant", "cosine"))
        if min(self.epochs, self.tiles, self.batch) < 1:
            raise ValueError("epochs, tiles and batch are at least 1")
        if not 0.0 <= self.averaging < 1.0:
            raise ValueError(f"averaging is from 0 up to 1, got {self.averaging}")


CONFIGS: dict[str, TrainConfig] = {
    "digits": TrainConfig(),
    # The end of a training is where gentle faults pay: MNIST's digits hardly have any.
    "digits-second": TrainConfig(
        epochs=24,
        rate=1.5e-3,
        warmup=0.05,
        dropout=0.15,
        decay=0.01,
        smoothing=0.005,
        averaging=0.998,
        review=1,
        start="runs/digits/best.keras",
        augmentation=Augmentation(
            turn_deg=6.0,
            slant=0.1,
            stretch=0.08,
            shift_px=1.5,
            elastic_px=0.9,
            neighbor=0.05,
            resolution=0.15,
            bitonal=0.1,
        ),
    ),
    # It sees a page at half its resolution, half letters: print and script, and what a network of
    # this size has no room for is to tell digits of unusual hands apart.
    "screen": TrainConfig(
        network="screen",
        widths=(16, 16, 32),
        hidden=32,
        epochs=12,
        rate=4e-3,
        dropout=0.1,
        decay=0.01,
        smoothing=0.01,
        review=0,
        shares=SCREEN_SHARES,
        augmentation=Augmentation(resolution=0.6, blur=0.25, elastic_px=1.0),
    ),
    "baseline": TrainConfig(
        network="baseline",
        epochs=5,
        batch=64,
        optimizer="adam",
        rate=1e-3,
        schedule="constant",
        warmup=0.0,
        smoothing=0.0,
        averaging=0.0,
        review=0,
        shares=(),
    ),
}
"""The trainings by name; a variant is `dataclasses.replace` of one of them."""
