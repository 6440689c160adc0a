{% macro ml_forecast(model, horizon, confidence_level=0.95) -%}
    ml.forecast(
        model {{ model }},
        struct(
            {{ horizon }} as horizon,
            {{ confidence_level }} as confidence_level
        )
    )
{%- endmacro %}
