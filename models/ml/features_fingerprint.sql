{#- The same whatever the order of the rows. -#}
with

features as (

    select
        farm_fingerprint(concat(sale_id, split)) as fingerprint,
        farm_fingerprint(concat(split, sale_id)) as other_fingerprint
    from {{ ref('features') }}

),

combined as (

    select
        substr(
            to_hex(sha256(concat(
                cast(count(*) as string),
                '|',
                cast(coalesce(bit_xor(fingerprint), 0) as string),
                '|',
                cast(coalesce(bit_xor(other_fingerprint), 0) as string),
                '|',
                cast(coalesce(sum(mod(fingerprint, 1000003)), 0) as string)
            ))),
            1,
            40
        ) as data_hash
    from features

)

select * from combined
