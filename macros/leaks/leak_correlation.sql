{# One row: |r| of two numbers; NULL if one of them is constant. #}
{% macro leak_correlation(features, label, column) -%}
    select abs(corr({{ label }}, {{ column }})) as value from {{ features }}
{%- endmacro %}
