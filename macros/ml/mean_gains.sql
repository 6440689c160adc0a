{#
    Columns of what a model takes from a constant's loss, row by row: both mean
    losses, their difference, and half of its 95% interval; NULL without rows.
#}
{% macro mean_gains(baseline, model) -%}
    count(*) as test_rows,
    avg({{ baseline }}) as baseline_loss,
    avg({{ model }}) as model_loss,
    avg({{ baseline }} - {{ model }}) as improvement,
    1.959964 * safe_divide(
        stddev_samp({{ baseline }} - {{ model }}), sqrt(count(*))
    ) as half_width
{%- endmacro %}
