"""`make demo`: tell the story, then run the sample merchant until Ctrl-C. `--no-serve` ends after the story."""

from __future__ import annotations

import argparse
from pathlib import Path

from examples.shop import serving, story

parser = argparse.ArgumentParser(prog="make demo", description="Tell the story of the sample shop, then run it.")
parser.add_argument("folder", nargs="?", default="demo-home", help="where the shop's home is made")
parser.add_argument("--no-serve", action="store_true", help="end after the story")
asked = parser.parse_args()
story.main(Path(asked.folder).resolve())
if not asked.no_serve:
    serving.main(Path(asked.folder).resolve())
