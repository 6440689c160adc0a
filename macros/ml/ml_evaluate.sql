{% macro ml_evaluate(model, query) -%}
    ml.evaluate(model {{ model }}, ({{ query }}))
{%- endmacro %}
