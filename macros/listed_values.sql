{#- For each column, an array of the values that the reference list has for it. -#}
{% macro listed_values(columns) -%}
    {%- for column in columns %}
    array_agg(if(column_name = '{{ column }}', value, null) ignore nulls)
        as {{ column }}_values{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
