{#
    Models that can be asked, as dicts: name, relation, label, task, features.
    One that was not trained, for its data have one class or no rows, is not
    among them.
#}
{% macro trained_models() -%}
    {%- set names = trained_names() -%}
    {{ return(
        exported_models() | selectattr('name', 'in', names) | list
    ) }}
{%- endmacro %}

{# Names of the BigQuery ML models that were trained on the data there are. #}
{% macro trained_names() -%}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {{ return(run_query(
        'select model_name from (' ~ last_trainings() ~ ')'
        ~ ' where problem is null'
    ).columns[0].values()) }}
{%- endmacro %}
