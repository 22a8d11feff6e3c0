"""Numpy views of images and point clouds: no loop over pixels or points, no copy of the data."""

import re
from typing import Any

import numpy as np

from infonet_ros.errors import InputError
from infonet_ros.text import did_you_mean, listed

_NAMED_ENCODINGS = {
    **dict.fromkeys(("mono8", "bayer_rggb8", "bayer_bggr8", "bayer_gbrg8", "bayer_grbg8"), ("u1", 1)),
    **dict.fromkeys(("mono16", "bayer_rggb16", "bayer_bggr16", "bayer_gbrg16", "bayer_grbg16"), ("u2", 1)),
    **dict.fromkeys(("rgb8", "bgr8"), ("u1", 3)),
    **dict.fromkeys(("rgba8", "bgra8"), ("u1", 4)),
    **dict.fromkeys(("rgb16", "bgr16"), ("u2", 3)),
    **dict.fromkeys(("rgba16", "bgra16"), ("u2", 4)),
}
_GENERIC_ENCODING = re.compile(r"(8(?!F)|16|32|64)([USF])C([1-9]\d{0,3})?")
_KINDS = {"U": "u", "S": "i", "F": "f"}
_POINT_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 8: "f8"}


def image_pixels(image: Any) -> np.ndarray:
    """View a ``sensor_msgs/Image`` as (height, width) or (height, width, colours), in its own number type.

    Raises InputError if the encoding is not one of plain pixels, or the data are shorter than height x step.
    """
    kind, colours = _pixel_type(image.encoding)
    dtype = np.dtype(kind).newbyteorder(">" if image.is_bigendian else "<")
    data = np.frombuffer(image.data, dtype=np.uint8)
    row_bytes = image.width * colours * dtype.itemsize
    if data.size < image.height * image.step or image.step < row_bytes:
        raise InputError(
            f"an image of {image.width} x {image.height} {image.encoding} has {data.size} bytes and a step of "
            f"{image.step}: expected a step of at least {row_bytes} and height x step bytes."
        )
    shape = (image.height, image.width) if colours == 1 else (image.height, image.width, colours)
    strides = (image.step, colours * dtype.itemsize, dtype.itemsize)[: len(shape)]
    return np.ndarray(shape, dtype, data, 0, strides)


def cloud_field(cloud: Any, name: str) -> np.ndarray:
    """View one field of a ``sensor_msgs/PointCloud2``, such as ``x`` or ``intensity``, as (points,).

    Raises InputError if the cloud has no such field, its data are shorter than height x row_step, or the field lies
    beyond its point.
    """
    field = next((field for field in cloud.fields if field.name == name), None)
    if field is None or field.datatype not in _POINT_TYPES:
        known = [field.name for field in cloud.fields]
        hint = did_you_mean(name, known)
        raise InputError(f"the point cloud has no field {name!r} of numbers{hint}: expected one of {listed(known)}.")
    data = np.frombuffer(cloud.data, dtype=np.uint8)
    if data.size < cloud.height * cloud.row_step or cloud.row_step < cloud.width * cloud.point_step:
        raise InputError(
            f"a point cloud of {cloud.width} x {cloud.height} points has {data.size} bytes and a row step of "
            f"{cloud.row_step}: expected height x row_step bytes and a row step of at least width x {cloud.point_step}."
        )
    dtype = np.dtype(_POINT_TYPES[field.datatype]).newbyteorder(">" if cloud.is_bigendian else "<")
    # Else a step of 0 would make billions of points of a few bytes.
    if cloud.point_step < field.offset + dtype.itemsize:
        raise InputError(
            f"the field {name!r} of a point cloud ends at byte {field.offset + dtype.itemsize} of a point of "
            f"{cloud.point_step} bytes: expected it within the point."
        )
    if not cloud.height * cloud.width:
        return np.empty(0, dtype)
    return np.ndarray(
        (cloud.height, cloud.width), dtype, data, field.offset, (cloud.row_step, cloud.point_step)
    ).reshape(-1)


def _pixel_type(encoding: str) -> tuple[str, int]:
    if encoding in _NAMED_ENCODINGS:
        return _NAMED_ENCODINGS[encoding]
    match = _GENERIC_ENCODING.fullmatch(encoding)
    if match is None:
        raise InputError(
            f"the image encoding {encoding!r} has no plain pixels: expected one such as mono8, rgb8, 16UC1 or 32FC1; "
            "republish the image in one of them."
        )
    bits, letter, colours = match.groups()
    return f"{_KINDS[letter]}{int(bits) // 8}", int(colours or 1)
