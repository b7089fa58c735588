"""Where a released package comes from: the commit, and the hashes of what it was trained on."""

import hashlib
import subprocess
from pathlib import Path


def read_commit() -> str:
    """Return the hash of the commit that is checked out, "unknown" outside a checkout."""
    root = Path(__file__).resolve().parent.parent
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def hash_data(data: Path, mnist: str = "*.gz") -> dict[str, str]:
    """Return the SHA-256 of what was trained on; of the amounts that of their table.

    Parameters
    ----------
    data : Path
        Folder of the real data.
    mnist : str
        Pattern of the MNIST files that were used.

    Returns
    -------
    dict of str to str
        By path below `data`; files that are not there are left out.
    """
    files = sorted((data / "mnist").glob(mnist))
    files += [data / "letters" / "letters.zip", data / "cheque_amounts" / "truth.csv"]
    return {
        file.relative_to(data).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file()
    }
