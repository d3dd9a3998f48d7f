-- The image makes the lake's database; Airflow keeps its own beside it.
create database airflow;
