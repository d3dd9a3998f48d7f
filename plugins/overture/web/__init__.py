"""The pages that people see inside Airflow: days, reports, messages, and the way to take one back."""
