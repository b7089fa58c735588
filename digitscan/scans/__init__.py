"""Scan files in: find them, count their pages, decode a page of any format to read-only gray."""

from digitscan.scans.decode import count_pages, load_page
from digitscan.scans.find import ScanFile, find_scans, identify_scan

__all__ = ["ScanFile", "count_pages", "find_scans", "identify_scan", "load_page"]
