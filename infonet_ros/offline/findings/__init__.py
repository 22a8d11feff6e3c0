"""The findings of an analysis.

- `sentences` has them in words, `findings_record` for JSON.
- Words: `statements` about a group and a pair, `delay_words`; `alike` says once what is true of several parts.
- What comes first: `pair_order`. Third channels: `explaining`. Leaders: `directing`. Common periods: `periods`.
"""
