"""Settings: one frozen section per stage, read from TOML, checked before the first page."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Bounds on what is decoded: scans are hostile input.

    120 Mpx hold an A3 page at 600 dpi (70 Mpx) with room, and a page decodes to that many bytes.
    300 dpi is what banks and offices scan at.
    """

    max_megapixels: float = field(default=120.0, metadata={"min": 0.01, "max": 10_000})
    max_pages: int = field(default=2000, metadata={"min": 1, "max": 1_000_000})
    max_file_megabytes: float = field(default=512.0, metadata={"min": 0.01, "max": 100_000})
    pdf_dpi: int = field(default=300, metadata={"min": 75, "max": 1200})


@dataclass(frozen=True, slots=True)
class InkSettings:
    """How ink is told from paper. Lengths are for writing about 40 px high (300 dpi)."""

    stroke_px: int = field(default=20, metadata={"min": 4, "max": 200})
    neighborhood_px: int = field(default=32, metadata={"min": 4, "max": 400})
    min_contrast: float = field(default=24.0, metadata={"min": 1, "max": 255})
    min_share: float = field(default=0.35, metadata={"min": 0, "max": 1})
    threshold: int = field(default=112, metadata={"min": 1, "max": 255})


@dataclass(frozen=True, slots=True)
class CutSettings:
    """Where digits may touch. All but `crossing`, in strokes, are multiples of the text height."""

    narrow: float = field(default=0.35, metadata={"min": 0, "max": 5})
    low: float = field(default=0.3, metadata={"min": 0, "max": 1})
    margin: float = field(default=0.08, metadata={"min": 0, "max": 1})
    spacing: float = field(default=0.13, metadata={"min": 0, "max": 1})
    corridor: float = field(default=0.2, metadata={"min": 0, "max": 1})
    crossing: float = field(default=2.6, metadata={"min": 0, "max": 20})
    waist_corridor: float = field(default=0.04, metadata={"min": 0, "max": 1})
    waist_crossing: float = field(default=0.6, metadata={"min": 0, "max": 5})
    sure: float = field(default=0.95, metadata={"min": 0, "max": 1})
    sure_wide: float = field(default=1.0, metadata={"min": 0, "max": 10})
    speck: float = field(default=0.12, metadata={"min": 0, "max": 1})
    group: int = field(default=6, metadata={"min": 1, "max": 20})
    gap: float = field(default=0.3, metadata={"min": 0, "max": 5})
    wide: float = field(default=1.5, metadata={"min": 0.1, "max": 10})
    short: float = field(default=0.33, metadata={"min": 0, "max": 1})


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """Where numbers stand on a page. Lengths are multiples of the height of the writing."""

    long_side_px: int = field(default=1250, metadata={"min": 200, "max": 20000})
    gap: float = field(default=1.3, metadata={"min": 0.1, "max": 10})
    overlap: float = field(default=0.5, metadata={"min": 0, "max": 1})
    ratio: float = field(default=2.2, metadata={"min": 1, "max": 20})
    max_parts: int = field(default=3000, metadata={"min": 10, "max": 20000})
    digit_share: float = field(default=0.6, metadata={"min": 0, "max": 1})
    lone_share: float = field(default=0.97, metadata={"min": 0, "max": 1})
    blob: float = field(default=0.9, metadata={"min": 0, "max": 5})
    min_ink_share: float = field(default=0.5, metadata={"min": 0, "max": 1})
    min_on_lines: float = field(default=0.5, metadata={"min": 0, "max": 1})
    min_worth: float = field(default=4.0, metadata={"min": 0, "max": 1000})
    min_skew_deg: float = field(default=0.4, metadata={"min": 0, "max": 45})
    max_blank: float = field(default=0.05, metadata={"min": 0, "max": 1})
    min_quality: float = field(default=-2.5, metadata={"min": -100, "max": 0})
    min_fluency: float = field(default=-1.2, metadata={"min": -100, "max": 0})
    word_gap: float = field(default=0.35, metadata={"min": 0, "max": 5})


@dataclass(frozen=True, slots=True)
class LatticeSettings:
    """How groups of pieces are scored. Sizes are multiples of the text height."""

    least: float = field(default=0.002, metadata={"min": 1e-9, "max": 0.1})
    small: float = field(default=0.4, metadata={"min": 0, "max": 2})
    skip_small: float = field(default=0.2, metadata={"min": 0, "max": 50})
    skip: float = field(default=4.0, metadata={"min": 0, "max": 50})
    digit_low: float = field(default=0.6, metadata={"min": 0, "max": 2})
    digit_high: float = field(default=1.5, metadata={"min": 0.5, "max": 5})
    digit_wide: float = field(default=1.2, metadata={"min": 0.1, "max": 5})
    digit_top: float = field(default=-0.05, metadata={"min": -2, "max": 2})
    comma_cost: float = field(default=2.5, metadata={"min": 0, "max": 50})
    slash: float = field(default=1.1, metadata={"min": 0, "max": 5})
    size_weight: float = field(default=5.0, metadata={"min": 0, "max": 100})
    beam: int = field(default=8, metadata={"min": 1, "max": 100})
    paths: int = field(default=6, metadata={"min": 1, "max": 50})
    temperature: float = field(default=1.0, metadata={"min": 0.05, "max": 20})


@dataclass(frozen=True, slots=True)
class ReadersSettings:
    """Which readers are on, and what each one's word weighs where they disagree."""

    lattice: bool = True
    strings: bool = True
    lattice_weight: float = field(default=0.3, metadata={"min": 0, "max": 10})
    strings_weight: float = field(default=1.0, metadata={"min": 0, "max": 10})

    def __post_init__(self) -> None:
        if not (self.lattice or self.strings):
            raise ValueError("readers.lattice and readers.strings are both off: switch one on")


@dataclass(frozen=True, slots=True)
class MicrSettings:
    """What counts as an E-13B line.

    `search_share` is the share of the page's height, from the bottom edge, that is searched.
    """

    search_share: float = field(default=0.4, metadata={"min": 0.05, "max": 1})
    min_digits: int = field(default=6, metadata={"min": 2, "max": 60})
    min_delimiters: int = field(default=1, metadata={"min": 0, "max": 20})
    max_rubbish_share: float = field(default=0.3, metadata={"min": 0, "max": 1})


@dataclass(frozen=True, slots=True)
class ConfidenceSettings:
    """When a reading is accepted: below `min_confidence` it is given as rejected."""

    # 0.95: of the 100 held amounts 82 are accepted, and the one wrong among them is wrong in the
    # truth; on the named fields of 40 cheques, read without a template, 4 of 66 accepted are wrong.
    min_confidence: float = field(default=0.95, metadata={"min": 0, "max": 1})


@dataclass(frozen=True, slots=True)
class Settings:
    """All sections."""

    scans: ScanSettings = field(default_factory=ScanSettings)
    ink: InkSettings = field(default_factory=InkSettings)
    regions: RegionSettings = field(default_factory=RegionSettings)
    cuts: CutSettings = field(default_factory=CutSettings)
    lattice: LatticeSettings = field(default_factory=LatticeSettings)
    readers: ReadersSettings = field(default_factory=ReadersSettings)
    micr: MicrSettings = field(default_factory=MicrSettings)
    confidence: ConfidenceSettings = field(default_factory=ConfidenceSettings)
