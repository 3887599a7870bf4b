# SPDX-License-Identifier: Apache-2.0
"""JSON Schema, as much of it as docs/*.schema.json use. A keyword that is not known here is an
error, so that none is silently not checked."""

import re

_TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool,
          "null": type(None)}
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_ANNOTATIONS = {"$schema", "title", "description"}


def violations(schema, value, path="$"):
    """What is wrong with `value`, each with where; nothing if it is valid."""
    for keyword in schema.keys() - _ANNOTATIONS - _CHECKS.keys():
        raise ValueError(f"{path}: keyword {keyword} is not known to this checker")
    wrong_type = _type(schema, value, path) if "type" in schema else []
    return wrong_type or [text for keyword in schema.keys() - _ANNOTATIONS
                          for text in _CHECKS[keyword](schema, value, path)]


def undescribed(schema, value, path="$"):
    """Members that the schema allows only because it does not mention them."""
    if isinstance(value, list):
        return [text for i, member in enumerate(value)
                for text in undescribed(schema.get("items", {}), member, f"{path}[{i}]")]
    if not isinstance(value, dict):
        return []
    found, known = [], schema.get("properties", {})
    for key, member in value.items():
        inner = known.get(key, schema.get("additionalProperties"))
        found += [f"{path}.{key}"] if inner is None else undescribed(inner, member,
                                                                     f"{path}.{key}")
    return found


def _type(schema, value, path):
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    right = any(isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
                for name in names)
    return [] if right else [f"{path}: {value!r} is no {' or '.join(names)}"]


def _enum(schema, value, path):
    return [] if value in schema["enum"] else [f"{path}: {value!r} is none of {schema['enum']}"]


def _required(schema, value, path):
    return [f"{path}: no {key}" for key in schema["required"] if key not in value]


def _properties(schema, value, path):
    return [] if not isinstance(value, dict) else [
        text for key, inner in schema["properties"].items() if key in value
        for text in violations(inner, value[key], f"{path}.{key}")]


def _items(schema, value, path):
    return [] if not isinstance(value, list) else [
        text for i, member in enumerate(value)
        for text in violations(schema["items"], member, f"{path}[{i}]")]


def _additional(schema, value, path):
    return [text for key in value.keys() - schema.get("properties", {}).keys()
            for text in violations(schema["additionalProperties"], value[key], f"{path}.{key}")]


def _names(schema, value, path):
    return [text for key in value for text in violations(schema["propertyNames"], key, path)]


def _minimum(schema, value, path):
    return [] if value >= schema["minimum"] else [f"{path}: {value} is too small"]


def _maximum(schema, value, path):
    return [] if value <= schema["maximum"] else [f"{path}: {value} is too large"]


def _format(schema, value, path):
    if schema["format"] != "date-time":
        raise ValueError(f"{path}: format {schema['format']} is not known to this checker")
    return [] if _DATE_TIME.fullmatch(value) else [f"{path}: {value!r} is no date-time"]


_CHECKS = {"type": _type, "enum": _enum, "required": _required, "properties": _properties, "items": _items,
           "additionalProperties": _additional, "propertyNames": _names, "minimum": _minimum,
           "maximum": _maximum, "format": _format}
