{# The project's BigQuery ML models, as dicts: name, relation, label, task. #}
{% macro exported_models() -%}
    {%- set models = [] -%}
    {%- for node in (graph.nodes.values() if execute else [])
        if node.config.materialized == 'bqml_model' -%}
        {%- do models.append({
            'name': node.name,
            'relation': api.Relation.create(
                database=node.database, schema=node.schema,
                identifier=node.alias
            ),
            'label': node.config.meta.export.label,
            'task': node.config.meta.export.task
        }) -%}
    {%- endfor -%}
    {{ return(models | sort(attribute='name')) }}
{%- endmacro %}
