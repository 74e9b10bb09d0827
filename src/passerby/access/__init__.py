"""Who may call: access keys, their rights, how secrets are encrypted."""
