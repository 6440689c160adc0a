{%- set categories = [
    'model', 'region', 'color', 'fuel_type', 'transmission',
    'sales_classification'
] -%}
{%- set numbers = [
    'year', 'engine_size_l', 'mileage_km', 'price_usd', 'sales_volume'
] -%}
{#- Inclusive limits of what a car and its sales can be. -#}
{%- set limits = {
    'year': (1990, 2030), 'engine_size_l': (0, 10),
    'mileage_km': (0, 1000000), 'price_usd': (1, 10000000),
    'sales_volume': (0, 1000000)
} -%}
with

staged as (

    select * from {{ ref('stg_sales') }}

),

reference_values as (

    select * from {{ ref('reference_values') }}

),

reference_lists as (

    select
        {{ listed_values(categories) }}
    from reference_values

),

keyed as (

    select
        *,
        to_hex(sha256(
            {{ row_key([
                'model', 'year_text', 'region', 'color', 'fuel_type',
                'transmission', 'engine_size_l_text', 'mileage_km_text',
                'price_usd_text', 'sales_volume_text', 'sales_classification'
            ]) }}
        )) as sale_id,
        array(
            select reason
            from
                unnest([
                    if(
                        malformed_record is not null,
                        concat('wrong number of fields: ', malformed_record),
                        null
                    ),
                    {%- for column in categories %}
                    if(
                        malformed_record is null and {{ column }} is null,
                        'missing: {{ column }}',
                        null
                    ),
                    {%- endfor %}
                    {%- for column in numbers %}
                    case
                        when malformed_record is not null then null
                        when {{ column }}_text is null
                            then 'missing: {{ column }}'
                        when {{ column }} is null
                            then concat(
                                'not a number: {{ column }} = ',
                                {{ column }}_text
                            )
                        when
                            not {{ column }} between
                            {{ limits[column][0] }} and {{ limits[column][1] }}
                            then concat(
                                'out of range: {{ column }} = ',
                                {{ column }}_text
                            )
                    end
                    {%- if not loop.last %},{% endif %}
                    {%- endfor %}
                ]) as reason
            where reason is not null
        ) as reasons
    from staged

),

flagged as (

    select
        keyed.*,
        array(
            select flag
            from
                unnest([
                    {%- for column in categories %}
                    {{ unlisted_flag(column) }},
                    {%- endfor %}
                    if(
                        keyed.sales_classification in ('High', 'Low')
                        and (keyed.sales_classification = 'High')
                        != (keyed.sales_volume >= {{ var('high_from', 7000) }}),
                        concat(
                            'class contradicts volume: ',
                            keyed.sales_classification, ' at ',
                            keyed.sales_volume_text
                        ),
                        null
                    )
                ]) as flag
            where flag is not null
        ) as flags
    from keyed
    cross join reference_lists

),

ranked as (

    select
        *,
        row_number() over (
            partition by sale_id, array_length(reasons) > 0
            order by source_file, record_number
        ) as occurrence
    from flagged

),

checked as (

    select
        ---------- ids
        sale_id,
        source_file,
        record_number,

        ---------- text
        model,
        region,
        color,
        fuel_type,
        transmission,
        sales_classification,
        malformed_record,

        ---------- numbers, as reported
        year_text,
        engine_size_l_text,
        mileage_km_text,
        price_usd_text,
        sales_volume_text,

        ---------- numbers
        year,
        engine_size_l,
        mileage_km,
        price_usd,
        sales_volume,

        ---------- judgement
        reasons,
        flags,
        case
            when array_length(reasons) > 0 then 'rejected'
            when occurrence > 1 then 'duplicate'
            else 'clean'
        end as status
    from ranked

)

select * from checked
