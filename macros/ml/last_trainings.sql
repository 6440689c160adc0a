{# The newest record of each model's training. #}
{% macro last_trainings() -%}
    select *
    from {{ ref('model_trainings') }}
    where true
    qualify
        row_number() over (
            partition by model_name order by recorded_at desc
        ) = 1
{%- endmacro %}
