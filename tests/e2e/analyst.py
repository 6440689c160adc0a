"""What an analyst's own script does: Google's libraries and an address, nothing of ours.

Prints one JSON object: what each query returned, and how each mistake was answered.
"""

import json
import sys
import time

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

TEST = "(select * from vendas_ml.features where split = 'test')"
PRICE, CLASS = "model vendas_ml.price_linear", "model vendas_ml.sales_class_logistic"
QUERIES = {
    "marts": "select region, sum(sales_volume) as units from vendas_marts.sales_by_region_year"
    " group by region",
    "sales": "select * from vendas_marts.sales",
    "predict": f"select * from ml.predict({PRICE}, {TEST})",
    "evaluate": f"select * from ml.evaluate({PRICE}, {TEST})",
    "weights": f"select * from ml.weights({PRICE})",
    "explain_predict": f"select * from ml.explain_predict({PRICE}, {TEST},"
    " struct(2 as top_k_features)) limit 5",
    "feature_info": f"select * from ml.feature_info({PRICE})",
    "roc_curve": f"select * from ml.roc_curve({CLASS}, {TEST})",
    "global_explain": f"select * from ml.global_explain({PRICE})",
}
OPTIONS = "options (model_type = 'linear_reg', input_label_cols = ['price_usd'], {})"
MISTAKES = {
    "unknown column": f"select * from ml.predict({PRICE}, "
    "(select mileage_kms from vendas_ml.features))",
    "missing feature": f"select * from ml.predict({PRICE}, (select model from vendas_ml.features))",
    "missing model": f"select * from ml.predict(model vendas_ml.price_linea, {TEST})",
    "unknown option": f"create model vendas_ml.mine {OPTIONS.format('max_iteration = 3')} "
    "as select * from vendas_ml.features",
    "misspelt function": f"select * from ml.predicts({PRICE}, {TEST})",
    "misspelt setting": f"select * from ml.predict({PRICE}, {TEST}, struct(1 as treshold))",
    "missing table": "select * from vendas_marts.sale",
    "misspelt column": "select s.pric from vendas_marts.sales as s",
}


def mistake(ask):
    """Return code, message and seconds of a request that must be refused."""
    started = time.monotonic()
    try:
        ask()
    except GoogleAPICallError as error:
        return [error.code, error.message, time.monotonic() - started]
    return [200, "", time.monotonic() - started]


def main(host, project):
    client = bigquery.Client(
        project,
        credentials=AnonymousCredentials(),
        client_options=ClientOptions(api_endpoint=host),
    )
    frames = {
        name: client.query(sql).to_dataframe(create_bqstorage_client=False)
        for name, sql in QUERIES.items()
    }
    small = client.query_and_wait(QUERIES["marts"]).to_dataframe()
    model = client.get_model("vendas_ml.price_linear")
    refused = {
        name: mistake(lambda sql=sql: client.query(sql).result()) for name, sql in MISTAKES.items()
    }
    refused["model over REST"] = mistake(lambda: client.get_model("vendas_ml.price_linea"))
    found = {
        "rows": {name: json.loads(df.to_json(orient="records")) for name, df in frames.items()},
        "small": small["units"].tolist(),
        "models": sorted(one.model_id for one in client.list_models("vendas_ml")),
        "type": model.model_type,
        "features": [column.name for column in model.feature_columns],
        "refused": refused,
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
