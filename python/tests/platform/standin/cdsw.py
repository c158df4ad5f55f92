"""The module's older name."""

from cml.workers_v1 import *  # noqa: F403
