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

reported_values as (

    {% for column in categories %}
    select distinct
        '{{ column }}' as column_name,
        {{ column }} as reported
    from keyed
    where {{ column }} is not null
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}

),

unlisted_values as (

    select
        reported_values.column_name,
        reported_values.reported,
        concat(
            'unlisted ', reported_values.column_name, ': ',
            reported_values.reported, ' (nearest: ',
            array_agg(
                reference_values.value
                order by
                    edit_distance(
                        lower(reported_values.reported),
                        lower(reference_values.value)
                    ),
                    reference_values.value
                limit 1
            )[offset(0)],
            ')'
        ) as flag
    from reported_values
    inner join reference_values
        on reported_values.column_name = reference_values.column_name
    group by reported_values.column_name, reported_values.reported
    having countif(reported_values.reported = reference_values.value) = 0

),

flagged as (

    select
        keyed.*,
        array(
            select flag
            from
                unnest([
                    {%- for column in categories %}
                    unlisted_{{ column }}.flag,
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
    {% for column in categories %}
    left join unlisted_values as unlisted_{{ column }}
        on
            unlisted_{{ column }}.column_name = '{{ column }}'
            and keyed.{{ column }} = unlisted_{{ column }}.reported
    {% endfor %}

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
