{#
    Trained models that the API was asked often enough in the last days to be
    compared, as trained_models() gives them, with study_rows and base_rows: how
    many rows were asked in the last monitoring_days and in as many before.
#}
{% macro asked_models() -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- set query -%}
            select
                model_name,
                countif({{ logged_in('study') }}),
                countif({{ logged_in('base') }})
            from {{ ref('prediction_log') }}
            where {{ logged_in('study') }} or {{ logged_in('base') }}
            group by 1
        {%- endset -%}
        {%- set rows = {} -%}
        {%- for row in run_query(query).rows -%}
            {%- do rows.update({row[0]: row}) -%}
        {%- endfor -%}
        {%- for model in trained_models() if model.name in rows -%}
            {%- set row = rows[model.name] -%}
            {%- if row[1] >= var('monitoring_min_rows') -%}
                {%- do found.append(dict(
                    model, study_rows=row[1] | int, base_rows=row[2] | int
                )) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{# Whether a row was logged in the last days (study), or as long before (base). #}
{% macro logged_in(span) -%}
    {%- set days = var('monitoring_days') -%}
    {%- set end = 0 if span == 'study' else days -%}
    {%- set now = run_started_at.strftime('%Y-%m-%d %H:%M:%S+00') -%}
    logged_at > timestamp_sub(
        timestamp '{{ now }}', interval {{ end + days }} day
    )
    and logged_at <= timestamp_sub(timestamp '{{ now }}', interval {{ end }} day)
{%- endmacro %}

{# What a model was asked, each feature with its type in `features`. #}
{% macro logged_rows(model, span) -%}
    {%- set types = {} -%}
    {%- for column in adapter.get_columns_in_relation(ref('features')) -%}
        {%- do types.update({column.name: column.data_type}) -%}
    {%- endfor -%}
    select
        {% for name in model.features -%}
        cast(json_value(features, '$.{{ name }}') as {{ types[name] }})
            as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('prediction_log') }}
    where model_name = '{{ model.name }}' and {{ logged_in(span) }}
{%- endmacro %}
