"""How good tracks are: HOTA, CLEAR MOT and identity scores against known truth."""
