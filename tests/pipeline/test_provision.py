import dataclasses

import pytest
from google.api_core.exceptions import Forbidden
from google.cloud import bigquery
from google.cloud.storage import Client

from cloud import bigquery_client, storage_client
from pipeline.errors import ProvisionError
from pipeline.provision import external_tables, provision

HEADER = "Model,Year,Region,Color,Fuel_Type,Transmission,Engine_Size_L,Mileage_KM,Price_USD,"
HEADER += "Sales_Volume,Sales_Classification,record_number,malformed_record\n"
ROW = "X3,2020,Asia,Red,Petrol,Manual,2.0,1000,50000.5,8000,High,1,\n"


def put_report(settings, name="a-n1.csv", text=HEADER + ROW):
    bucket = storage_client(settings).bucket(settings.bucket)
    bucket.blob(f"raw/vendas/{name}").upload_from_string(text, content_type="text/csv")


def test_makes_bucket_dataset_and_the_table_that_dbt_reads(settings):
    made = provision(settings)

    assert made == [
        f"bucket gs://{settings.bucket}",
        f"bucket gs://{settings.inbox}",
        "dataset vendas_bmw",
        "external table vendas_bmw.vendas_raw",
    ]
    dataset = bigquery_client(settings).get_dataset("vendas_bmw")
    assert dataset.friendly_name == "Dataset Vendas BMW"


def test_makes_the_autodetected_table_once_a_report_is_there(settings):
    provision(settings)
    put_report(settings)

    assert provision(settings) == ["external table vendas_bmw.vendas"]
    assert provision(settings) == []


def test_both_tables_read_the_report(settings):
    provision(settings)
    put_report(settings)
    provision(settings)
    client = bigquery_client(settings)

    typed = next(iter(client.query("select Year, Price_USD from vendas_bmw.vendas").result()))
    text = next(iter(client.query("select Year, Price_USD from vendas_bmw.vendas_raw").result()))

    assert tuple(typed) == (2020, 50000.5)
    assert tuple(text) == ("2020", "50000.5")


def test_a_changed_definition_is_brought_up_to_date(settings):
    provision(settings)
    client = bigquery_client(settings)
    table = client.get_table("vendas_bmw.vendas_raw")
    configuration = table.external_data_configuration
    client.delete_table(table)
    configuration.source_uris = [f"gs://{settings.bucket}/elsewhere/*.csv"]
    table.external_data_configuration = configuration
    client.create_table(table)

    assert provision(settings) == ["external table vendas_bmw.vendas_raw (definition changed)"]
    present = client.get_table("vendas_bmw.vendas_raw").external_data_configuration
    assert present.source_uris == [f"gs://{settings.bucket}/raw/vendas/*.csv"]


def test_a_definition_that_the_service_tells_in_its_own_way_is_left(settings):
    provision(settings)
    client = bigquery_client(settings)
    (raw,) = [table for table in external_tables(settings) if table.table_id == "vendas_raw"]
    told = raw.external_data_configuration.to_api_repr()
    del told["maxBadRecords"], told["autodetect"]
    told["schema"] = {
        "fields": [{"type": f["type"], "name": f["name"]} for f in told["schema"]["fields"]]
    }
    told["csvOptions"] |= {"quote": '"', "allowJaggedRows": False}
    client.delete_table(raw)
    raw.external_data_configuration = bigquery.ExternalConfig.from_api_repr(told)
    client.create_table(raw)

    assert provision(settings) == []


def test_a_table_with_another_column_is_made_anew(settings):
    provision(settings)
    client = bigquery_client(settings)
    (raw,) = [table for table in external_tables(settings) if table.table_id == "vendas_raw"]
    told = raw.external_data_configuration.to_api_repr()
    told["schema"]["fields"].pop()
    client.delete_table(raw)
    raw.external_data_configuration = bigquery.ExternalConfig.from_api_repr(told)
    client.create_table(raw)

    assert provision(settings) == ["external table vendas_bmw.vendas_raw (definition changed)"]


def test_a_dataset_in_another_location_is_told(settings):
    provision(settings)

    with pytest.raises(ProvisionError, match=r"lies in 'US', and BQ_LOCATION is 'EU'.+BQ_LOC"):
        provision(dataclasses.replace(settings, location="EU"))


def test_a_bucket_that_is_somebody_elses_is_told(settings, monkeypatch):
    def forbidden(*_, **__):
        raise Forbidden("does not have storage.buckets.get access")

    monkeypatch.setattr(Client, "lookup_bucket", forbidden)

    with pytest.raises(ProvisionError, match=r"the name is somebody else's .+ VENDAS_BUCKET"):
        provision(settings)
