"""Settings: one frozen section per stage, read from TOML, checked before the first page."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Bounds on what is decoded: scans are hostile input.

    Attributes
    ----------
    max_megapixels : float
        Most pixels, in millions, of a page or of an image on a PDF page; a larger one fails before
        it is decoded. 120 hold an A3 page at 600 dpi (70), and a page decodes to a byte a pixel.
    max_pages : int
        Most pages of a TIFF or PDF; a file of more fails.
    max_file_megabytes : float
        Most bytes, in millions, of a file on disk or fetched from an address; a larger one fails.
    pdf_dpi : int
        Dots per inch at which a PDF page is rendered that is not one scanned image alone (that
        keeps its own). Larger: finer and slower. 300 is what banks and offices scan at.
    """

    max_megapixels: float = field(default=120.0, metadata={"min": 0.01, "max": 10_000})
    max_pages: int = field(default=2000, metadata={"min": 1, "max": 1_000_000})
    max_file_megabytes: float = field(default=512.0, metadata={"min": 0.01, "max": 100_000})
    pdf_dpi: int = field(default=300, metadata={"min": 75, "max": 1200})


@dataclass(frozen=True, slots=True)
class InkSettings:
    """How ink is told from paper. Lengths are for writing about 40 px high (300 dpi).

    To find the lines of a whole page, both lengths shrink with the page; numbers are then cut out
    of the full page with the lengths as they stand. Ink strength is 0 on paper, 255 at full ink.

    Attributes
    ----------
    stroke_px : int
        Radius in pixels in which the gray of the paper is sought. Strokes up to about twice as
        wide are ink. Larger: thick pens keep their middle, edges of shadows and tints become ink.
    neighborhood_px : int
        Radius in pixels in which the darkest ink sets what full ink is, and the paper kept around
        a number found on a page. Larger: faint writing is held against dark ink further away.
    min_contrast : float
        Least darkness below the paper, in gray levels of 255, that may count as full ink. Larger:
        less noise on blank paper, and less of faint pencil.
    min_share : float
        The same as a share of the darkness of the page's or crop's strong ink (its 99th
        percentile). Larger: security patterns and stains fall out, as faint writing does.
    threshold : int
        Ink strength from which a pixel belongs to the writing. Larger: thinner strokes and fewer
        touching digits, but broken ones. The cells of boxed fields have a bound of their own.
    """

    stroke_px: int = field(default=20, metadata={"min": 4, "max": 200})
    neighborhood_px: int = field(default=32, metadata={"min": 4, "max": 400})
    min_contrast: float = field(default=24.0, metadata={"min": 1, "max": 255})
    min_share: float = field(default=0.35, metadata={"min": 0, "max": 1})
    threshold: int = field(default=112, metadata={"min": 1, "max": 255})


@dataclass(frozen=True, slots=True)
class CutSettings:
    """Where digits may touch, and which pieces may be one digit together.

    Lengths are in text heights. Cuts are tried more often than needed: the lattice decides later.

    Attributes
    ----------
    narrow : float
        A part of the ink narrower than this is not cut. Larger: fewer cuts.
    low : float
        A part of the ink lower than this is not cut. Larger: fewer cuts.
    margin : float
        Least distance of a cut's start from either end of the part. Larger: no slivers cut off.
    spacing : float
        Least distance of a cut at a thin place from others; of two closer ones that through less
        ink stays. Larger: fewer cuts, faster, touching digits may stay joined.
    corridor : float
        How far a cut may step aside from a thin place, where a column holds least ink. Larger:
        more ways are compared, slower.
    crossing : float
        Most ink that a cut at a thin place may cross, in widths of the stroke. Larger: more cuts.
    notch_depth : float
        Least depth of a notch in the outline, above or below, where two digits may meet: round
        ones share a wall there. Larger: fewer cuts.
    notch_reach : float
        How far a cut from a notch may lean until it leaves the ink. Larger: more ways are
        compared, slower.
    notch_spacing : float
        As `spacing`, among cuts from notches: two round digits that overlap have notches near
        each other. Larger: fewer cuts.
    sure : float
        Probability of one digit from which the network spares a part of the ink from cuts. Larger:
        more is cut, slower. Plain print and well spaced writing need no cuts.
    sure_wide : float
        Widest part that may be spared so. Larger: two joined digits may pass as one.
    speck : float
        Greatest side of what is dropped from the crop of a field as a speck, if its area is also
        below a square of the stroke's width. Larger: dots may be lost. Not used on whole pages.
    group : int
        Most pieces that are taken for one digit together. Larger: digits in many parts can be
        read, slower.
    gap : float
        Widest gap between pieces of one digit. Larger: digits that are broken apart are joined.
    wide : float
        Widest group of pieces that may be one digit. Larger: more groups to name, slower.
    short : float
        Least height of what is shown to the network; lower marks (dots, commas, dashes) are no
        digits. Larger: fewer marks named, small digits lost.
    """

    narrow: float = field(default=0.35, metadata={"min": 0, "max": 5})
    low: float = field(default=0.3, metadata={"min": 0, "max": 1})
    margin: float = field(default=0.08, metadata={"min": 0, "max": 1})
    spacing: float = field(default=0.1, metadata={"min": 0, "max": 1})
    corridor: float = field(default=0.2, metadata={"min": 0, "max": 1})
    crossing: float = field(default=2.6, metadata={"min": 0, "max": 20})
    notch_depth: float = field(default=0.08, metadata={"min": 0, "max": 1})
    notch_reach: float = field(default=0.25, metadata={"min": 0, "max": 1})
    notch_spacing: float = field(default=0.07, metadata={"min": 0, "max": 1})
    sure: float = field(default=0.95, metadata={"min": 0, "max": 1})
    sure_wide: float = field(default=1.0, metadata={"min": 0, "max": 10})
    speck: float = field(default=0.12, metadata={"min": 0, "max": 1})
    group: int = field(default=6, metadata={"min": 1, "max": 20})
    gap: float = field(default=0.3, metadata={"min": 0, "max": 5})
    wide: float = field(default=1.7, metadata={"min": 0.1, "max": 10})
    short: float = field(default=0.33, metadata={"min": 0, "max": 1})


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """Where numbers stand on a page without a template.

    Drafts of templates use `long_side_px` to `max_parts` and `min_skew_deg` as well.

    Attributes
    ----------
    long_side_px : int
        Long side in pixels to which a page is reduced, by a whole factor, to find its lines.
        Larger: smaller print is found, slower. Numbers are read at the full size.
    min_dpi : float
        Resolution that a page whose file says its own is not reduced below, up to twice
        `long_side_px`. Larger: smaller print is found on large sheets, slower.
    gap : float
        Widest gap between neighbors on a line, in heights of the higher one. Larger: longer lines.
    overlap : float
        Least overlap in height of neighbors, as a share of the lower one. Larger: lines that lean
        or dance fall apart.
    ratio : float
        Most that one neighbor may be higher than the other, in times. Larger: writing of unlike
        sizes makes one line.
    max_parts : int
        Most components looked at, the highest first: a page of noise has more. Larger: slower.
    digit_share : float
        Probability from which a component of a line is a digit; a line without one is left out.
        Larger: fewer letters taken for numbers, more odd digits missed.
    lone_share : float
        The same for a component that stands alone, which may be a stroke of a drawing.
    blob : float
        Width over height from which a component that is no digit may be several joined ones.
        Larger: numbers with joined digits are broken up, fewer words are looked at.
    min_ink_share : float
        `ink.min_share` is at least this on the reduced page, where no pen may stand beside a
        security pattern. Larger: fewer patterns and less faint writing found.
    min_on_lines : float
        Share of the components on lines of four or more below which the page may lie on its side:
        then it is turned and compared. Larger: more pages are, slower.
    min_worth, min_upright : float
        Digits read, each counted by its confidence, below which the page is read upside down too
        and the better of both is kept: a number of digits, and a share of all that were read. A
        page with a MICR line is upright. Larger: more pages are read twice.
    min_skew_deg : float
        Skew in degrees from which a page is turned straight. Larger: fewer are, faster. Of 390
        values on 30 drawn forms 0.15 to 0.4 degrees askew 337 are found, with 0.4 for this 310;
        with 0.1 two values of 40 cheques are lost.
    max_blank : float
        Most probability by the string reader that there is no number; above, what was found is
        dropped. Larger: more false numbers, fewer missed.
    min_quality : float
        Least score of the lattice's path, in log-probability per digit. A number is dropped that
        is below both this and `min_fluency`. Larger (nearer 0): fewer false, more missed.
    min_fluency : float
        Least log-probability per digit by the string reader; a line below it at first sight is a
        word and is not cut. Numbers of cheques have -0.8 to 0.0 there, words often less. Larger
        (nearer 0): fewer false, more missed, faster.
    word_gap : float
        Gap to a letter, in heights of the digits, below which fewer than four digits are part of a
        word (O, l, S, Z). Larger: more numbers beside words are dropped.
    """

    long_side_px: int = field(default=1250, metadata={"min": 200, "max": 20000})
    # On eight A4 sheets of drawn forms at 200 and 300 dpi 457 instead of 439 values are found, in a
    # tenth more time; of 20 cheques on A4 16 instead of 13 dates, and 20 accounts instead of 18.
    min_dpi: float = field(default=150.0, metadata={"min": 50, "max": 600})
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
    min_upright: float = field(default=0.75, metadata={"min": 0, "max": 1})
    min_skew_deg: float = field(default=0.2, metadata={"min": 0, "max": 45})
    max_blank: float = field(default=0.05, metadata={"min": 0, "max": 1})
    min_quality: float = field(default=-2.5, metadata={"min": -100, "max": 0})
    min_fluency: float = field(default=-1.2, metadata={"min": -100, "max": 0})
    word_gap: float = field(default=0.35, metadata={"min": 0, "max": 5})


@dataclass(frozen=True, slots=True)
class LatticeSettings:
    """How groups of pieces are scored. Sizes are in text heights, costs are log-probability.

    Costs are natural logarithms and taken off the score: larger makes a choice rarer.

    Attributes
    ----------
    least : float
        Least probability at which a group may be a digit, and the least that passing a piece over
        is given. Larger: fewer readings tried, faster, rare ones lost.
    small : float
        Size below which a piece that stands alone is passed over at `skip_small`: its height, or
        0.4 of its width. Larger: more pieces are.
    skip_small : float
        Cost of passing over a small piece that stands alone, a comma or a tail `/-`.
    skip : float
        Cost of passing over another piece, for each text height of its size. Larger: every stroke
        must be part of a digit; smaller: digits are passed over.
    seam : float
        Cost of each side on which a digit, or what is passed over, was cut off its neighbor.
        Larger: fewer strokes cut in two, more touching digits joined.
    digit_low : float
        Height below which a digit costs. Larger: small digits are doubted.
    digit_high : float
        Height above which a digit costs. Larger: high strokes pass as digits.
    digit_wide : float
        Width above which a digit costs. Larger: joined digits pass as one.
    digit_top : float
        Place below which a digit must not begin without a cost, from the line's middle down
        (negative: above it). Larger: commas that hang pass as digits.
    comma_cost : float
        Cost of naming a digit what is narrow and stands low, as commas do that writers draw like
        strokes. Larger: fewer commas read as 1, more low digits lost.
    slash : float
        Least height of a last stroke before dashes for both to be a tail `/-`; alone the stroke
        would be a 1. Larger: fewer tails.
    size_weight : float
        Cost for each text height that a digit is too low, too high or too wide; twice that where
        it begins too far down. Larger: size counts more against the network's word.
    beam : int
        Texts kept at each gap between pieces. Larger: fewer good ones lost on the way, slower.
    paths : int
        Most texts that the lattice proposes for a number. Larger: more to weigh, slower.
    temperature : float
        Divides the scores before they are compared with the string reader's. Larger: the lattice
        is less sure.
    """

    least: float = field(default=0.002, metadata={"min": 1e-9, "max": 0.1})
    small: float = field(default=0.4, metadata={"min": 0, "max": 2})
    skip_small: float = field(default=0.2, metadata={"min": 0, "max": 50})
    skip: float = field(default=4.0, metadata={"min": 0, "max": 50})
    seam: float = field(default=0.4, metadata={"min": 0, "max": 50})
    digit_low: float = field(default=0.6, metadata={"min": 0, "max": 2})
    digit_high: float = field(default=2.2, metadata={"min": 0.5, "max": 5})
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
    """Which readers are on, and what each one's word weighs where they disagree.

    Attributes
    ----------
    lattice : bool
        Whether the reader that cuts digits apart proposes and weighs texts. Off, it still says
        where the digits stand.
    strings : bool
        Whether the reader of whole lines is loaded and asked. Off, words on a page are not told
        from numbers before they are cut. With both on, digits in boxes are left to the lattice:
        of the dates in boxes of 32 cheques it has 29 right, this reader alone 7, the two 30.
    lattice_weight : float
        Factor of the lattice's log-probability of a text. Larger: it decides more often. Where it
        is the only reader, its word is taken as it is. Of 418 amounts of Indian cheques by
        template 357 are right with 0.4 and 363 to 365 with 0.5 to 1.0; of 400 looks at Chilean ones
        379 to 381.
    strings_weight : float
        The same for the string reader.
    """

    lattice: bool = True
    strings: bool = True
    lattice_weight: float = field(default=0.6, metadata={"min": 0, "max": 10})
    strings_weight: float = field(default=1.0, metadata={"min": 0, "max": 10})

    def __post_init__(self) -> None:
        if not (self.lattice or self.strings):
            raise ValueError("readers.lattice and readers.strings are both off: switch one on")


@dataclass(frozen=True, slots=True)
class MicrSettings:
    """What counts as an E-13B line.

    Attributes
    ----------
    search_share : float
        Share of the page's height, from the bottom edge, that is searched first, and all of it
        where no line is there. Larger: slower where there is one, faster where there is none.
    min_digits : int
        Least number of marks at the pitch of E-13B, and then of symbols that the network names.
        Larger: fewer false lines, short ones missed.
    min_delimiters : int
        Least number of transit, amount, on-us and dash symbols among them. Larger: lines with a
        torn symbol are missed; 0: digits of other fonts may pass.
    max_rubbish_share : float
        Largest share of the line's cells that may be no symbol. Larger: dirty lines are read, and
        more of other print.
    """

    search_share: float = field(default=0.4, metadata={"min": 0.05, "max": 1})
    min_digits: int = field(default=6, metadata={"min": 2, "max": 60})
    min_delimiters: int = field(default=1, metadata={"min": 0, "max": 20})
    max_rubbish_share: float = field(default=0.3, metadata={"min": 0, "max": 1})


@dataclass(frozen=True, slots=True)
class ConfidenceSettings:
    """When a reading is accepted.

    Attributes
    ----------
    min_confidence : float
        Least probability, as calibrated, that the whole reading is right; below it the reading is
        given as rejected. Larger: fewer wrong among the accepted, more to look at by hand.
    """

    # 0.97: of the 100 held amounts and 600 variants of them, judged by fits to others, 591 pass and
    # none is wrong; at 0.95 12 more pass, none of them wrong, at 0.90 another 9, two of them wrong.
    # Whole pages and other writing are harder than these.
    min_confidence: float = field(default=0.97, metadata={"min": 0, "max": 1})


@dataclass(frozen=True, slots=True)
class Settings:
    """All sections.

    Attributes
    ----------
    scans : ScanSettings
        What is decoded.
    ink : InkSettings
        Gray page to ink.
    regions : RegionSettings
        Ink of a page to the places of numbers.
    cuts : CutSettings
        Ink of a number to pieces.
    lattice : LatticeSettings
        Pieces to digits.
    readers : ReadersSettings
        Two readers to one answer.
    micr : MicrSettings
        The line in magnetic ink at the foot of a cheque.
    confidence : ConfidenceSettings
        Which readings are accepted.
    """

    scans: ScanSettings = field(default_factory=ScanSettings)
    ink: InkSettings = field(default_factory=InkSettings)
    regions: RegionSettings = field(default_factory=RegionSettings)
    cuts: CutSettings = field(default_factory=CutSettings)
    lattice: LatticeSettings = field(default_factory=LatticeSettings)
    readers: ReadersSettings = field(default_factory=ReadersSettings)
    micr: MicrSettings = field(default_factory=MicrSettings)
    confidence: ConfidenceSettings = field(default_factory=ConfidenceSettings)
