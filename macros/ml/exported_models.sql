{#
    The project's BigQuery ML models that predict a label, as dicts: name,
    relation, label, task, features. Clusters and components have none to be
    judged by.
#}
{% macro exported_models() -%}
    {%- set models = [] -%}
    {%- for node in (graph.nodes.values() if execute else [])
        if node.config.materialized == 'bqml_model'
            and node.config.meta.get('export', {}).label -%}
        {%- do models.append({
            'name': node.name,
            'relation': api.Relation.create(
                database=node.database, schema=node.schema,
                identifier=node.alias
            ),
            'label': node.config.meta.export.label,
            'task': node.config.meta.export.task,
            'features': node.config.meta.export.features
        }) -%}
    {%- endfor -%}
    {{ return(models | sort(attribute='name')) }}
{%- endmacro %}
