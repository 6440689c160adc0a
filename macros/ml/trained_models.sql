{#
    Models that can be asked, as dicts: name, relation, label, task, features.
    One that was not trained, for its data have one class or no rows, is not
    among them.
#}
{% macro trained_models() -%}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- set rows = run_query(
            'select model_name from (' ~ last_trainings() ~ ')'
            ~ ' where problem is null'
        ) -%}
        {%- set names = rows.columns[0].values() -%}
    {%- endif -%}
    {{ return(
        exported_models() | selectattr('name', 'in', names) | list
    ) }}
{%- endmacro %}
