"""Evidence of new samples against a baseline, and the alarms that it raises.

`evidence` judges pairs, `channel_watch` single channels. `evidence_sums` and `latest_rows` keep what they need of the
past. Alarms of one cause become one sentence in `alarm_groups`.
"""
