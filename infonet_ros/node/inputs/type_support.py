"""The type support that rclpy needs to take a message as bytes."""

import ctypes
from pathlib import Path
from typing import Any

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.types import full_type_name, message_class, package_prefixes

_CAPSULE = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi)
)


def subscription_class(type_name: str) -> Any:
    """Return a class that a subscription to a message type takes, with ``raw=True``.

    It is the class of the type. If the package was not built for this Python, it is a class that only holds the library
    of its type support. Raises ConfigurationError if neither of them exists.
    """
    try:
        return message_class(type_name)
    except ConfigurationError:
        support = _type_support(full_type_name(type_name))
        if support is None:
            raise
    # The attributes that rclpy needs; for bytes only the last one has a value.
    made = dict.fromkeys(("_CREATE_ROS_MESSAGE", "_CONVERT_FROM_PY", "_CONVERT_TO_PY", "_DESTROY_ROS_MESSAGE"), support)
    return type("RawType", (type,), {**made, "_TYPE_SUPPORT": support})("Raw", (), {})


def _type_support(type_name: str) -> Any:
    """Return the handle of a type's C type support; None where its library is not installed."""
    package, _, name = type_name.split("/")
    for prefix in package_prefixes():
        library = Path(prefix, "lib", f"lib{package}__rosidl_typesupport_c.so")
        if not library.is_file():
            continue
        try:
            get = ctypes.CDLL(str(library))[
                f"rosidl_typesupport_c__get_message_type_support_handle__{package}__msg__{name}"
            ]
        except (OSError, AttributeError):
            continue
        get.restype = ctypes.c_void_p
        return _CAPSULE(get(), None, None)
    return None
