"""Account ids, which own jobs and keys."""

import re

# 12 digits, as AWS has them.
ACCOUNT_ID = re.compile(r"[0-9]{12}")
DEFAULT_ACCOUNT_ID = "000000000000"
