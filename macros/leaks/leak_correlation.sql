{#
    One row: |r| of two numbers; NULL if one of them is constant, where CORR
    is NaN, which engines order differently.
#}
{% macro leak_correlation(features, label, column) -%}
    select if(is_nan(r), null, abs(r)) as value
    from (select corr({{ label }}, {{ column }}) as r from {{ features }}) as pair
{%- endmacro %}
