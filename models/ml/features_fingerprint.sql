{#- Of every value of every row; the same whatever the order of the rows. -#}
with

features as (

    select * from {{ ref('features') }}

),

digests as (

    select to_hex(sha256(to_json_string(features))) as digest from features

),

numbers as (

    select
        cast(concat('0x', substr(digest, 1, 15)) as int64) as first_number,
        cast(concat('0x', substr(digest, 16, 15)) as int64) as second_number
    from digests

),

combined as (

    select
        substr(
            to_hex(sha256(concat(
                cast(count(*) as string),
                '|',
                cast(coalesce(bit_xor(first_number), 0) as string),
                '|',
                cast(coalesce(bit_xor(second_number), 0) as string),
                '|',
                cast(coalesce(sum(mod(first_number, 1000003)), 0) as string)
            ))),
            1,
            40
        ) as data_hash
    from numbers

)

select * from combined
