{% macro ml_weights(model) -%}
    ml.weights(model {{ model }})
{%- endmacro %}
