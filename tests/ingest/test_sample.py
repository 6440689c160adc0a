import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"


def test_the_generator_writes_the_sample_that_ships(tmp_path):
    target = tmp_path / "sample.csv"

    subprocess.run([sys.executable, DATA / "generate_sample.py", "--output", target], check=True)

    assert target.read_bytes() == (DATA / "sample_sales.csv").read_bytes()
