"""What a bigframes user does with penguins, as one JSON object by the name of each step.

Run by `test_bigframes.py` in an environment of its own, since bigframes pins other versions.
"""

import json
import sys
import warnings

import bigframes
import bigframes.pandas
import bigframes.session
from bigframes.ml.cluster import KMeans
from bigframes.ml.compose import ColumnTransformer
from bigframes.ml.decomposition import PCA
from bigframes.ml.ensemble import XGBClassifier
from bigframes.ml.linear_model import LinearRegression, LogisticRegression
from bigframes.ml.pipeline import Pipeline
from bigframes.ml.preprocessing import OneHotEncoder, StandardScaler
from google.auth.credentials import AnonymousCredentials

NUMBERS = ["culmen_length_mm", "culmen_depth_mm", "flipper_length_mm"]


def open_session(project, endpoint):
    bigframes.pandas.options.display.progress_bar = None
    options = bigframes.BigQueryOptions(
        project=project,
        location="US",
        credentials=AnonymousCredentials(),
        client_endpoints_override={"bqclient": endpoint},
    )
    return bigframes.session.Session(context=options)


def one_row(frame):
    (row,) = frame.to_pandas().to_dict("records")
    return row


def by_tag(frame, column):
    return {str(tag): value for tag, value in frame.to_pandas()[column].to_dict().items()}


def supervised(estimator, table, label, new):
    """Fit on the rows with a label, score on the rows without NULL, predict new ones."""
    features = [name for name in table.columns if name != label]
    known, whole = table[table[label].notnull()], table.dropna()
    estimator.fit(known[features], known[[label]])
    return {
        "score": one_row(estimator.score(whole[features], whole[[label]])),
        "predict": by_tag(estimator.predict(new[features]), f"predicted_{label}"),
    }


def steps(session, dataset):
    table = session.read_gbq(f"{dataset}.penguins")
    new = session.read_gbq(f"{dataset}.new_penguins").set_index("tag_number")
    mass, sex = "body_mass_g", "sex"
    yield "linear", supervised(LinearRegression(), table, mass, new)
    yield "logistic", supervised(LogisticRegression(), table, sex, new)
    yield "trees", supervised(XGBClassifier(), table, sex, new)

    clusters = KMeans(n_clusters=3)
    clusters.fit(table[[*NUMBERS, sex]])
    yield (
        "kmeans",
        {
            "centroids": len(clusters.cluster_centers_.to_pandas()),
            "predict": by_tag(clusters.predict(new), "CENTROID_ID"),
            "score": one_row(clusters.score(new)),
            "anomalies": by_tag(clusters.detect_anomalies(new), "normalized_distance"),
        },
    )

    components = PCA(n_components=3)
    components.fit(table)
    yield (
        "pca",
        {
            "components": len(components.components_.to_pandas()),
            "predict": by_tag(components.predict(new), "principal_component_1"),
            "score": one_row(components.score()),
        },
    )

    scaler = StandardScaler().fit(table[NUMBERS[:1]])
    scaled = scaler.transform(new[NUMBERS[:1]])
    yield "scaler", by_tag(scaled, scaled.columns[0])

    known = table[table[mass].notnull()]
    columns = ColumnTransformer(
        [("s", StandardScaler(), NUMBERS[:1]), ("o", OneHotEncoder(), ["species"])]
    )
    pipeline = Pipeline([("columns", columns), ("model", LinearRegression())])
    pipeline.fit(known[[*NUMBERS[:1], "species"]], known[[mass]])
    pipeline.to_gbq(f"{dataset}.pipeline", replace=True)
    again = session.read_gbq_model(f"{dataset}.pipeline")
    predicted = again.predict(new[[*NUMBERS[:1], "species"]])
    yield "pipeline", by_tag(predicted, f"predicted_{mass}")


def main():
    warnings.filterwarnings("ignore")
    project, endpoint, dataset = sys.argv[1:]
    session = open_session(project, endpoint)
    found = dict(steps(session, f"{project}.{dataset}"))
    session.close()
    print(json.dumps(found, default=float))


if __name__ == "__main__":
    main()
