{#
    Question: which sales have a price that is out of all proportion for their
    model, and are worth a look before anybody decides by them?
    Read it as: a price beyond three times the range of the middle half, above
    or below it. None at all is a good answer; many of one report point at a
    wrong number mark.
#}
with

sales as (

    select * from {{ ref('sales') }}

),

quartiles as (

    select
        model,
        approx_quantiles(price_usd, 4) as price_quartiles
    from sales
    group by model

),

fences as (

    select
        model,
        price_quartiles[offset(1)] as lower_quartile,
        price_quartiles[offset(3)] as upper_quartile,
        price_quartiles[offset(3)] - price_quartiles[offset(1)] as middle_half
    from quartiles

)

select
    sales.source_file,
    sales.record_number,
    sales.model,
    sales.year,
    sales.price_usd,
    fences.lower_quartile,
    fences.upper_quartile
from sales
inner join fences on sales.model = fences.model
where
    sales.price_usd > fences.upper_quartile + 3 * fences.middle_half
    or sales.price_usd < fences.lower_quartile - 3 * fences.middle_half
order by
    sales.price_usd desc, sales.source_file asc, sales.record_number asc
