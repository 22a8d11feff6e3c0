"""Random message types and random messages of them, whole and damaged."""

import numpy as np
from hypothesis import strategies as st
from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_typestore

NUMBERS = {
    **{kind: np.dtype(kind) for kind in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")},
    **{"float32": np.dtype("f4"), "float64": np.dtype("f8"), "bool": np.dtype("?")},
    **{"byte": np.dtype("i1"), "char": np.dtype("u1")},
}
BASES = st.sampled_from([*NUMBERS, "string"]).map(lambda kind: (Nodetype.BASE, (kind, 0)))


def many(elements):
    """Arrays of these, of fixed and of any length."""
    return st.tuples(st.just(Nodetype.ARRAY), st.tuples(elements, st.integers(1, 3))) | st.tuples(
        st.just(Nodetype.SEQUENCE), st.tuples(elements, st.just(0))
    )


@st.composite
def definitions(draw):
    """Some types, each of which may have those before it inside; the last one is the message."""
    made = {}
    for number in range(draw(st.integers(1, 3))):
        inner = [st.just((Nodetype.NAME, name)) for name in made]
        elements = st.one_of(BASES, *inner)
        nodes = draw(st.lists(elements | many(elements), min_size=1, max_size=5))
        made[f"p/msg/T{number}"] = ([], [(f"f{index}", node) for index, node in enumerate(nodes)])
    return made


def value_of(node, store, rng):
    kind, content = node
    if kind == Nodetype.NAME:
        fields = store.fielddefs[content][1]
        return store.types[content](*(value_of(inner, store, rng) for _, inner in fields))
    if kind == Nodetype.BASE:
        return "é" * int(rng.integers(0, 5)) if content[0] == "string" else number_of(content[0], rng, 1)[0].item()
    element = content[0]
    count = content[1] if kind == Nodetype.ARRAY else int(rng.integers(0, 4))
    if element[0] == Nodetype.BASE and element[1][0] != "string":
        return number_of(element[1][0], rng, count)
    return [value_of(element, store, rng) for _ in range(count)]


def number_of(kind, rng, count):
    dtype = NUMBERS[kind]
    if dtype.kind == "f":
        return rng.choice([*rng.normal(size=4), np.nan, np.inf], size=count).astype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, size=count).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, size=count, dtype=dtype, endpoint=True)


def paths_of(node, store, path):
    """Every channel that a node could give, a few elements of each array."""
    kind, content = node
    if kind == Nodetype.NAME:
        return [p for name, inner in store.fielddefs[content][1] for p in paths_of(inner, store, f"{path}.{name}")]
    if kind == Nodetype.BASE:
        return [] if content[0] == "string" else [path]
    element = content[0]
    if element[0] == Nodetype.BASE and element[1][0] != "string":
        ends = ("[0]", "[-1]", "[7]", "[1:]|count", "|max", "|mean", "[::-1]|std", "|norm")
        return [path + end for end in ends]
    return [p for index in (0, -1, 2) for p in paths_of(element, store, f"{path}[{index}]")]


def serialized(made, seed, form, count=12):
    """Make random messages of a random type: a store, the bytes, and the channels."""
    store = get_typestore(Stores.EMPTY)
    store.register(made)
    name = list(made)[-1]
    rng = np.random.default_rng(seed)
    messages = [value_of((Nodetype.NAME, name), store, rng) for _ in range(count)]
    if form == "ros1":
        raws = [bytes(store.serialize_ros1(message, name)) for message in messages]
    else:
        raws = [bytes(store.serialize_cdr(message, name, little_endian=form == "little")) for message in messages]
    paths = [path.removeprefix(".") for path in paths_of((Nodetype.NAME, name), store, "")]
    return store, name, raws, paths, rng


def harmed(raw, rng):
    """Shorten or lengthen a message, or change some of its bytes."""
    raw = bytearray(raw)
    harm = rng.integers(0, 3)
    if harm == 0:
        return bytes(raw[: rng.integers(0, len(raw) + 1)])
    if harm == 1:
        return bytes(raw) + rng.bytes(int(rng.integers(1, 9)))
    for _ in range(int(rng.integers(1, 4))):
        if raw:
            raw[rng.integers(0, len(raw))] = rng.choice([0, 1, 2, 255, int(rng.integers(0, 256))])
    return bytes(raw)
