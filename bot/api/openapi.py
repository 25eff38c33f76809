"""The OpenAPI 3.1 document, made of the registered calls and their pydantic models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bot.api.calls import PREFIX, Call, Parameter
from bot.api.problems import CONTENT_TYPE, Problem

Schemas = Mapping[Any, dict[str, Any]]
"""References, by model and mode."""

_COMPONENTS = "#/components/schemas/{model}"


def document(calls: Sequence[Call], webhooks: Mapping[str, type[BaseModel]] | None = None) -> dict[str, Any]:
    """`webhooks`: what is sent to others, by the type of event."""
    told = webhooks or {}
    given: list[type[BaseModel]] = [Problem, *told.values(), *(call.answer for call in calls)]
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "serialization") for model in given),
        *((call.body, "validation") for call in calls if call.body is not None),
    ]
    schemas, defined = models_json_schema(list(dict.fromkeys(wanted)), ref_template=_COMPONENTS)
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(call.plain_path, {})[call.method.lower()] = _operation(call, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Casewright", "version": version("casewright"), "license": {"name": "Apache-2.0"}},
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "webhooks": {
            name: {"post": _told(name, schemas[model, "serialization"])} for name, model in sorted(told.items())
        },
        "components": {
            "schemas": defined.get("$defs", {}),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, made at the console."}
            },
        },
    }


def _operation(call: Call, schemas: Schemas) -> dict[str, Any]:
    answer = _content(schemas[call.answer, "serialization"])
    operation: dict[str, Any] = {
        "operationId": _operation_id(call),
        "summary": call.summary,
        "parameters": list(_parameters(call.parameters)),
        "responses": {
            str(int(call.status)): {"description": call.status.phrase, "content": answer},
            "default": {
                "description": "What went wrong",
                "content": {CONTENT_TYPE: {"schema": schemas[Problem, "serialization"]}},
            },
        },
    }
    if not call.right.public:
        operation["security"] = [{"key": []}]
        if call.right.scope is not None:
            operation["description"] = f"An API key needs the scope `{call.right.scope}`."
    if call.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(schemas[call.body, "validation"])}
    return operation


def _told(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": f"told_{name.replace('.', '_')}",
        "summary": f"What an endpoint is sent as {name}",
        "requestBody": {"content": _content(schema)},
        "responses": {"2XX": {"description": "Any answer of these says that it arrived."}},
    }


def _parameters(parameters: Iterable[Parameter]) -> Iterable[dict[str, Any]]:
    for each in parameters:
        yield {
            "name": each.name,
            "in": each.place,
            "required": each.required or each.place == "path",
            "schema": each.schema,
            "description": each.description,
        }


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _operation_id(call: Call) -> str:
    return "_".join([call.method.lower(), *re.findall(r"\w+", call.plain_path)])
