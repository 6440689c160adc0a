"""What the OpenAPI document says, to compare answers with."""

from jsonschema import Draft202012Validator


def document_of(api):
    """Return the document, made strict: nothing is in an object that is not described there."""
    document = api.get("/openapi.json").json()
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return document


def check(document, path, response):
    """Check that an answer is one that its operation may give."""
    operation = document["paths"][path][response.request.method.lower()]
    described = operation["responses"][str(response.status_code)]
    kind = response.headers["content-type"].split(";")[0]
    schema = described["content"][kind]["schema"] | {"components": document["components"]}
    content = response.json() if kind == "application/json" else response.text
    Draft202012Validator(schema).validate(content)
    assert {name.lower() for name in described.get("headers", {})} <= set(response.headers)
