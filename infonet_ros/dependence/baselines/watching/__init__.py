"""Evidence of new samples against a baseline, and the alarms that it raises.

`evidence` judges pairs by their `evidence_sums`, `channel_watch` single channels. Alarms of one cause become one
sentence in `alarm_groups`.
"""
