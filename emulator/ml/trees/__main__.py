"""`python -m emulator.ml.trees` fetches BigQuery's own XGBoost versions."""

import sys

from emulator.ml.trees.exact import main

sys.exit(main())
