"""The networks: their inputs, made from the ranks of pairs, and the code that runs them.

The modules, in the order of the data:

1. `ranked_channels` prepares each channel once, also the values of those that have few.
2. `blocks` combines channels to pairs, and counts their samples in cells (`counts`, `plug_ins`).
3. `observation` is the input of `pair_network`, which returns a table and quantiles. `symmetry` turns each grid to one
   orientation. `discriminant` reads tables, and computes the bound.
4. `readout` returns better quantiles, from the outputs of `pair_network` and plug-in estimates; `quantiles` puts them
   in order.
5. For given streams: `views` describes a pair in several views by `pair_network`, or by `short_network` if a view has
   few samples; `conditional_network` combines them.

`runner` and `conditional_runner` run them, `machine` adapts torch to the machine, `weights` reads and writes files.
"""
