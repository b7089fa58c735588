"""What is found on whole drawn cheques of four countries, without a template.

    python -m tests.benchmarks.drawn_cheques [--cheques N]

Draws cheques with the hands of `samples.paper`: rupees (date in boxes, amounts in lakhs), dollars
(date on a line, with slashes, amounts with cents), pesos (points, a dash) and francs (blanks, a
comma), at 200 dpi, turned by a degree at most. Prints how many of their dates, amounts, accounts
and MICR lines are found, how many rows are accepted, and how many of these say nothing that stands
on the cheque.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitscan import Settings
from digitscan.pipeline import load_reader, read_page
from digitscan.recognition.grouping import part_digits
from samples.cheques import Cheque, draw_cheque
from samples.generate import DOLLARS, FRANCS, PESOS, RUPEES
from samples.paper import BLACK, BLUE
from tests.benchmarks.drawn_scans import list_accepted, scan_sheet

DPI, TURN_DEG = 200.0, 1.0
Fill = Callable[[np.random.Generator], Cheque]
FIELDS = ("date", "amount", "account", "micr")


def choose_amount(rng: np.random.Generator) -> int:
    """Choose an amount of two to seven digits, round more often than not."""
    amount = int(10 ** rng.uniform(1.5, 6.8))
    round_to = 10 ** int(rng.integers(0, len(str(amount))))
    return max(amount // round_to, 1) * round_to


def choose_account(rng: np.random.Generator, digits: int) -> str:
    """Choose an account number."""
    return "".join(map(str, rng.integers(0, 10, digits)))


def choose_date(rng: np.random.Generator, order: str) -> str:
    """Choose a date, its parts in an order: `{d:02d}{m:02d}{y}`."""
    day, month, year = rng.integers(1, 29), rng.integers(1, 13), rng.integers(2005, 2027)
    return order.format(d=day, m=month, y=year)


def fill_rupees(rng: np.random.Generator) -> Cheque:
    """Fill in an Indian cheque."""
    date, account = choose_date(rng, "{d:02d}{m:02d}{y}"), choose_account(rng, 14)
    digits = str(choose_amount(rng))
    amount = part_digits(digits, 2, len(digits)) + ("/-" if rng.random() < 0.8 else "")
    return replace(RUPEES, date=date, amount=amount, account=account)


def fill_dollars(rng: np.random.Generator) -> Cheque:
    """Fill in a cheque of the United States."""
    date, account = choose_date(rng, "{m:02d}/{d:02d}/{y}"), choose_account(rng, 10)
    amount = f"{choose_amount(rng) % 100000 + rng.integers(0, 100) / 100:,.2f}"
    micr = f"A021000089A {account}C 1042"
    return replace(DOLLARS, date=date, amount=amount, account=account, micr=micr)


def fill_pesos(rng: np.random.Generator) -> Cheque:
    """Fill in a Chilean cheque."""
    date, account = choose_date(rng, "{d:02d}{m:02d}{y}"), choose_account(rng, 11)
    amount = f"{choose_amount(rng):,}".replace(",", ".") + (".-" if rng.random() < 0.6 else "")
    return replace(PESOS, date=date, amount=amount, account=account)


def fill_francs(rng: np.random.Generator) -> Cheque:
    """Fill in a French cheque."""
    date, account = choose_date(rng, "{d:02d}{m:02d}{y}"), choose_account(rng, 10)
    amount = f"{choose_amount(rng) % 100000 + rng.integers(0, 100) / 100:,.2f}"
    amount = amount.replace(",", " ").replace(".", ",")
    return replace(FRANCS, date=date, amount=amount, account=account)


KINDS: dict[str, Fill] = {
    "rupees": fill_rupees,
    "dollars": fill_dollars,
    "pesos": fill_pesos,
    "francs": fill_francs,
}


def main() -> None:
    """Draw, read and count, for every country."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cheques", type=int, default=60)
    cheques = parser.parse_args().cheques
    cv2.setNumThreads(1)
    for kind, fill in KINDS.items():
        *found, accepted, wrong = count(fill, cheques).tolist()
        shown = "  ".join(f"{name} {right:3d}" for name, right in zip(FIELDS, found, strict=True))
        print(f"{kind:8s} of {cheques}: {shown}   {accepted} accepted, {wrong} wrong", flush=True)


def count(fill: Fill, cheques: int) -> npt.NDArray[np.int_]:
    """Count the values of each field that are found, rows accepted, and those that are wrong."""
    settings = Settings()
    reader = load_reader(settings)
    counts = np.zeros(len(FIELDS) + 2, int)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(cheques):
            rng = np.random.default_rng(3000 + number)
            cheque = replace(fill(rng), pen=BLUE if rng.random() < 0.5 else BLACK)
            drawn = draw_cheque(cheque, rng, DPI)
            turn_deg = float(rng.uniform(-TURN_DEG, TURN_DEG))
            page = scan_sheet(drawn.sheet, turn_deg, Path(folder), settings)
            rows = read_page(page, reader, settings).readings
            texts = {row.text for row in rows}
            accepted = list_accepted(rows, settings)
            known = set(drawn.values.values())
            counts += (
                *(drawn.values[name] in texts for name in FIELDS),
                len(accepted),
                sum(row.text not in known for row in accepted),
            )
    return counts


if __name__ == "__main__":
    main()
