{{ config(severity='warn') }}
{#
    Counts what cannot be but is reported so: it is kept, because a report's
    own words stand, and told, one row per rule.
#}
with

sales as (

    select * from {{ ref('sales') }}

),

car_models as (

    select * from {{ ref('car_models') }}

),

judged as (

    select
        sales.fuel_type = 'Electric'
        and sales.engine_size_l > 0 as has_electric_engine,
        sales.year < car_models.launch_year as is_before_launch
    from sales
    left join car_models on sales.model = car_models.model

),

counted as (

    select
        'an electric car with engine litres' as rule,
        countif(has_electric_engine) as sales
    from judged
    union all
    select
        'a car before its launch' as rule,
        countif(is_before_launch) as sales
    from judged

)

select * from counted
where sales > 0
