{#-
    How well each column alone determines each label. Where a pair has several
    measures, the row shows the one that leaks, else the first of them.

    correlation          two numbers: |r|
    auc                  a number and a class: max(AUC, 1 - AUC)
    conditional_entropy  bits that the label keeps once the column is known
-#}
{%- set labels = ['price_usd', 'sales_volume', 'sales_classification'] -%}
{%- set numbers = [
    'year', 'engine_size_l', 'mileage_km', 'price_usd', 'sales_volume'
] -%}
{%- set categories = [
    'model', 'region', 'color', 'fuel_type', 'transmission',
    'sales_classification'
] -%}
{%- set measures = [] -%}
{%- for label in labels -%}
{%- for column in numbers + categories if column != label -%}
{%- if label in numbers and column in numbers -%}
            {%- do measures.append((label, column, 'correlation',
                leak_correlation('features', label, column))) -%}
{%- elif label in numbers -%}
            {%- do measures.append((label, column, 'auc',
                leak_auc('features', label, column))) -%}
            {%- do measures.append((label, column, 'conditional_entropy',
                leak_entropy('features', label, column))) -%}
{%- elif column in numbers -%}
            {%- do measures.append((label, column, 'auc',
                leak_auc('features', column, label))) -%}
            {%- do measures.append((label, column, 'conditional_entropy',
                leak_entropy('features', label, column))) -%}
{%- else -%}
            {%- do measures.append((label, column, 'conditional_entropy',
                leak_entropy('features', label, column))) -%}
{%- endif -%}
{%- endfor -%}
{%- endfor -%}
with

features as (

    select * from {{ ref('features') }}

),

measured as (

    {% for label, column, measure, query in measures -%}
    select
        '{{ label }}' as label,
        '{{ column }}' as column_name,
        '{{ measure }}' as measure,
        (
            {{ query }}
        ) as value
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

judged as (

    select
        *,
        coalesce(
            if(
                measure = 'conditional_entropy',
                abs(value) < 1e-9,
                value >= 0.999
            ),
            false
        ) as leaks
    from measured

),

strongest as (

    select *
    from judged
    where true
    qualify
        row_number() over (
            partition by label, column_name
            order by leaks desc, measure asc
        ) = 1

)

select * from strongest
