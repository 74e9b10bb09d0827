"""Accounts: whose a job or a key is."""

import re

# 12 digits, as AWS has them.
ACCOUNT_ID = re.compile(r"[0-9]{12}")
DEFAULT_ACCOUNT_ID = "000000000000"
