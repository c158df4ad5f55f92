"""Programs that wait for the platform with long sleeps wait a tenth: nothing may hang on how long they wait."""

import time

_sleep = time.sleep
time.sleep = lambda seconds: _sleep(seconds / 10 if seconds >= 5 else seconds)
