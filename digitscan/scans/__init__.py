"""Scan files in: find them, count their pages, decode a page of any format to read-only gray."""

from digitscan.scans.decode import count_pages, load_page
from digitscan.scans.find import ScanFile, find_scans

__all__ = ["ScanFile", "count_pages", "find_scans", "load_page"]
