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


TAUGHT_SHARES: tuple[tuple[str, float], ...] = (
    ("mnist-plain", 110.0),
    ("mnist", 60.0),
    ("real", 30.0),
    ("runs-digits", 14.0),
    ("groups-digits", 18.0),
    ("drawn", 16.0),
    ("printed", 4.0),
    ("dots", 1.0),
    ("stamped", 1.5),
    ("mnist-groups", 12.0),
    ("drawn-groups", 3.0),
    ("real-groups", 9.0),
    ("runs-rubbish", 16.0),
    ("groups-rubbish", 18.0),
    ("letters", 8.0),
    ("printed-rubbish", 6.0),
    ("signs", 5.0),
    ("marks", 5.0),
)
"""The same by the clock, where every tile is warped anew: half as much rubbish again."""


WRITTEN_SHARES: tuple[tuple[str, float], ...] = (
    *DIGIT_SHARES,
    ("written-digits", 24.0),
    ("written-rubbish", 28.0),
)
"""The same with what the reader cuts of written amounts, whose zeros hang together."""


DOUBTING_SHARES: tuple[tuple[str, float], ...] = (
    ("mnist", 40.0),
    ("real", 25.0),
    ("drawn", 15.0),
    ("printed", 2.0),
    ("real-groups", 2.0),
)
"""The same for networks that judge labels: real digits by their boxes, which may be left out."""


def _check_word(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is one of {', '.join(allowed)}, got {value!r}")


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One training.

    Attributes
    ----------
    network : str
        `baseline`, `digits`, `screen` or `teachers`.
    widths : tuple of int
        Filters of the layers of `digits` at 24 x 24, 10 x 10 and 5 x 5; of the layers of `screen`.
    is_pooled : bool
        False where the first convolution of `digits` strides over every second pixel instead.
    widths_3, widths_5 : tuple of int
        Filters of the two towers of `teachers`.
    blocks : int
        Residual convolutions of `digits` at 5 x 5.
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
    minutes : float
        Train by the clock, start-up included, instead of by epochs; 0 for never. The rate follows
        the time, `review` is at a quarter of it or, with teachers, at once; smoothing is left out.
    makers : int
        Processes that make the tiles of a training by the clock.
    gentle_from : float
        Share of the time after which the faults are `GENTLE`.
    teachers : str
        Keras file of the networks whose odds a training by the clock learns; empty for none.
    softness, label_share : float
        Temperature of the teachers' odds, and how much the labels count beside them.
    """

    network: str = "digits"
    widths: tuple[int, int, int] = (32, 48, 64)
    is_pooled: bool = True
    widths_3: tuple[int, ...] = (32, 48, 64, 80, 96, 112, 128, 144, 160, 176)
    widths_5: tuple[int, ...] = (32, 64, 96, 128, 160)
    blocks: int = 3
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
    minutes: float = 0.0
    makers: int = 4
    gentle_from: float = 1.0
    teachers: str = ""
    softness: float = 3.0
    label_share: float = 0.1

    def __post_init__(self) -> None:
        _check_word("network", self.network, ("baseline", "digits", "screen", "teachers"))
        _check_word("optimizer", self.optimizer, ("adam", "adamw", "sgd"))
        _check_word("schedule", self.schedule, ("constant", "cosine"))
        if min(self.epochs, self.tiles, self.batch) < 1:
            raise ValueError("epochs, tiles and batch are at least 1")
        if not 0.0 <= self.averaging < 1.0:
            raise ValueError(f"averaging is from 0 up to 1, got {self.averaging}")
        if (self.network == "teachers" or self.teachers) and not self.minutes > 0:
            raise ValueError("minutes of teachers and of who is taught are more than 0")


GENTLE = Augmentation(
    turn_deg=6.0,
    slant=0.1,
    stretch=0.08,
    shift_px=1.5,
    elastic_px=0.9,
    neighbor=0.05,
    resolution=0.15,
    bitonal=0.1,
)
"""The end of a training is where gentle faults pay: MNIST's digits hardly have any."""

CONFIGS: dict[str, TrainConfig] = {
    "digits": TrainConfig(),
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
        augmentation=GENTLE,
    ),
    "teachers": TrainConfig(
        network="teachers",
        tiles=240_000,
        batch=512,
        rate=2e-3,
        averaging=0.998,
        decay=0.05,
        smoothing=0.0,
        minutes=4.0,
        gentle_from=0.4,
        shares=TAUGHT_SHARES,
    ),
    # Its teachers say what a tile could be taken for: neither dropout nor smoothing is needed.
    "digits-taught": TrainConfig(
        widths=(48, 80, 112),
        blocks=4,
        hidden=192,
        is_pooled=False,
        tiles=240_000,
        batch=1024,
        rate=4e-3,
        dropout=0.0,
        decay=0.01,
        smoothing=0.0,
        averaging=0.9995,
        minutes=4.0,
        gentle_from=0.5,
        shares=TAUGHT_SHARES,
        teachers="runs/teachers/best.keras",
    ),
    # The released network, gently, on what it met too little of.
    "digits-written": TrainConfig(
        widths=(48, 80, 112),
        blocks=4,
        hidden=192,
        is_pooled=False,
        epochs=36,
        batch=256,
        rate=1e-3,
        warmup=0.05,
        dropout=0.1,
        decay=0.01,
        smoothing=0.005,
        review=0,
        shares=WRITTEN_SHARES,
        start="models/digits-9/weights.keras",
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
    # Small and short: it is to learn how digits look, not which label each of them has.
    "doubting": TrainConfig(
        widths=(24, 32, 48),
        hidden=96,
        blocks=2,
        epochs=6,
        review=0,
        shares=DOUBTING_SHARES,
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
