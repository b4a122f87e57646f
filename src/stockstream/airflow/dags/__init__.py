"""The files that Airflow reads, copied into its folder of DAGs by `stockstream deploy airflow`."""
