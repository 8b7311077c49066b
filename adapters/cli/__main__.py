"""`python -m adapters.cli`, where `abby` is not on the path."""

import sys

from adapters.cli import main

sys.exit(main())
