"""python -m demo"""

from __future__ import annotations

from demo.cli import main

raise SystemExit(main())
