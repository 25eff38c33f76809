"""The OpenAPI 3.1 document, made of the registered calls and their pydantic models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.api.calls import PREFIX, Call, Parameter
from bot.api.problems import CONTENT_TYPE, Problem

_COMPONENTS = "#/components/schemas/{model}"


def document(calls: Sequence[Call]) -> dict[str, Any]:
    models: list[type[BaseModel]] = [Problem, *(model for call in calls for model in (call.answer, call.body) if model)]
    _, schemas = models_json_schema(
        [(model, "serialization") for model in dict.fromkeys(models)],
        ref_template=_COMPONENTS,
    )
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(_plain(call.path), {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Casewright", "version": version("casewright"), "license": {"name": "Apache-2.0"}},
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, made at the console."}
            },
        },
    }


def _operation(call: Call) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(call),
        "summary": call.summary,
        "parameters": list(_parameters(call.parameters)),
        "responses": {
            str(int(call.status)): {"description": call.status.phrase, "content": _content(call.answer)},
            "default": {
                "description": "What went wrong",
                "content": {CONTENT_TYPE: {"schema": {"$ref": _COMPONENTS.format(model=Problem.__name__)}}},
            },
        },
    }
    if not call.right.public:
        operation["security"] = [{"key": []}]
        if call.right.scope is not None:
            operation["description"] = f"An API key needs the scope `{call.right.scope}`."
    if call.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(call.body)}
    return operation


def _parameters(parameters: Iterable[Parameter]) -> Iterable[dict[str, Any]]:
    for each in parameters:
        yield {
            "name": each.name,
            "in": each.place,
            "required": each.place == "path",
            "schema": each.schema,
            "description": each.description,
        }


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _COMPONENTS.format(model=model.__name__)}}}


def _plain(path: str) -> str:
    """Without the patterns: {number:[0-9]{1,18}} is {number}."""
    return re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", path)


def _operation_id(call: Call) -> str:
    return "_".join([call.method.lower(), *re.findall(r"\w+", _plain(call.path))])
