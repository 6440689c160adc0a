{% macro ml_predict(model, query) -%}
    ml.predict(model {{ model }}, ({{ query }}))
{%- endmacro %}
