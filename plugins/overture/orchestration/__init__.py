"""The only code that knows Airflow: how the steps become a DAG, and how Airflow runs for one home."""
