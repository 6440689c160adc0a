{#
    A BigQuery ML model as a dbt model: `create or replace model … options(…) as
    <the model's select>`. It trains only if the SQL, the options or the
    fingerprint of the features (of a series, that of its own rows) changed, or
    with --full-refresh. It refuses to train on a leaking column, and does not
    train on data that cannot train.
    meta.export says what a model that is exported predicts from what;
    meta.forecast what a time series model, which has no features, forecasts.
#}
{% materialization bqml_model, adapter='bigquery' %}
    {%- set meta = config.get('meta') -%}
    {%- set options = bqml_options(meta) -%}
    {%- set about = meta.export or dict(
        meta.forecast, task='forecasting', features=[]
    ) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if meta.export -%}{%- do bqml_refuse_leaks(about) -%}{%- endif -%}
    {%- set state = bqml_state(sql, options, about) -%}
    {%- if state.problem -%}
        {%- do exceptions.warn(
            "'" ~ model.name ~ "' is not trained: " ~ state.problem
        ) -%}
        {%- do run_query(bqml_record(about, state, state.problem)) -%}
        {%- set outcome = 'NOT TRAINED' -%}
    {%- elif state.unchanged and not should_full_refresh() -%}
        {%- set outcome = 'UNCHANGED' -%}
    {%- else -%}
        {%- do run_query(bqml_record(about, state, 'training did not end')) -%}
        {%- call statement('train') -%}
            create or replace model {{ this }}
            options ({{ options }})
            as
            {{ sql }}
        {%- endcall -%}
        {%- do run_query(bqml_label(state)) -%}
        {%- do run_query(bqml_record(about, state, none)) -%}
        {%- set outcome = 'TRAINED' -%}
    {%- endif -%}
    {%- call noop_statement('main', outcome) -%}{%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': []}) }}
{% endmaterialization %}

{# ARIMA_PLUS has no option `model_registry`. #}
{% macro bqml_options(meta) -%}
    {%- set registry = env_var('MODEL_REGISTRY', '') if meta.export -%}
    {%- set added = {'model_registry': registry} if registry else {} -%}
    {%- for name, value in dict(meta.ml_config, **added).items() -%}
        {{ name }} = {{ value | tojson }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro bqml_refuse_leaks(export) -%}
    {%- set names = "'" ~ export.features | join("', '") ~ "'" -%}
    {%- set leaks = run_query(
        'select column_name, measure, value from ' ~ ref('leak_audit')
        ~ " where leaks and label = '" ~ export.label
        ~ "' and column_name in (" ~ names ~ ')'
    ) -%}
    {%- for leak in leaks.rows -%}
        {%- do exceptions.raise_compiler_error(
            "'" ~ model.name ~ "' is not trained: its feature '" ~ leak[0]
            ~ "' alone determines the label '" ~ export.label ~ "' ("
            ~ leak[1] ~ ' = ' ~ leak[2] ~ '). Take it out of the select and '
            ~ 'of meta.export.features; `leak_audit` has all columns.'
        ) -%}
    {%- endfor -%}
{%- endmacro %}

{% macro bqml_literal(text) -%}
    '{{ text | replace("\\", "\\\\") | replace("'", "\\'")
        | replace("\n", "\\n") }}'
{%- endmacro %}

{# What the training would be made of, and what the last one was made of. #}
{% macro bqml_state(sql, options, about) -%}
    {%- set kind = 'class' if about.task == 'classification' else 'value' -%}
    {%- set forecasts = about.task == 'forecasting' -%}
    {%- set without_rows = about.without_rows if forecasts
        else 'there are no training rows' -%}
    {%- set query -%}
        with training as (
            select
                count({{ about.label }}) as labelled,
                count(distinct cast({{ about.label }} as string)) as classes
                {%- if forecasts %},
                -- of every row, whatever their order
                substr(to_hex(sha256(cast(
                    bit_xor(farm_fingerprint(to_json_string(example)))
                    as string
                ))), 1, 40) as data_hash
                {%- endif %}
                {%- for feature in about.features %},
                count({{ feature }}) as filled_{{ loop.index }}
                {%- endfor %}
            from ({{ sql }}) as example
            {%- if not forecasts %}
            where not is_eval
            {%- endif %}
        ),

        last as (
            select * from ({{ last_trainings() }})
            where model_name = '{{ model.name }}'
        )

        select
            substr(to_hex(sha256({{ bqml_literal(sql) }})), 1, 40),
            substr(to_hex(sha256({{ bqml_literal(options) }})), 1, 40),
            {{ 'training' if forecasts else 'fingerprint' }}.data_hash,
            last.sql_hash,
            last.options_hash,
            last.data_hash,
            last.problem,
            case
                when training.labelled = 0
                    then {{ bqml_literal(without_rows) }}
                {%- if not forecasts %}
                when training.classes = 1
                    then
                        'the label {{ about.label }} has a single'
                        ' {{ kind }} in the training rows'
                {%- endif %}
                {%- for feature in about.features %}
                when training.filled_{{ loop.index }} = 0
                    then
                        'the feature {{ feature }} is NULL in every'
                        ' training row'
                {%- endfor %}
            end
        from training
        cross join {{ ref('features_fingerprint') }} as fingerprint
        left join last on true
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {{ return({
        'sql_hash': row[0], 'options_hash': row[1], 'data_hash': row[2],
        'unchanged': (row[0], row[1], row[2], none) == (
            row[3], row[4], row[5], row[6]
        ),
        'problem': row[7]
    }) }}
{%- endmacro %}

{% macro bqml_label(state) -%}
    alter model {{ this }} set options (
        labels = [
            ('sql_hash', '{{ state.sql_hash }}'),
            ('options_hash', '{{ state.options_hash }}'),
            ('data_hash', '{{ state.data_hash }}')
        ]
    )
{%- endmacro %}

{% macro bqml_record(about, state, problem) -%}
    insert into {{ ref('model_trainings') }} (
        model_name, label, task, sql_hash, options_hash, data_hash, problem,
        recorded_at
    )
    values (
        '{{ model.name }}',
        '{{ about.label }}',
        '{{ about.task }}',
        '{{ state.sql_hash }}',
        '{{ state.options_hash }}',
        '{{ state.data_hash }}',
        {{ bqml_literal(problem) if problem else 'null' }},
        current_timestamp()
    )
{%- endmacro %}
